"""The command line: each command parses, calls one public function, prints.

:func:`main` is the one place that turns errors into messages and exit codes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from sdforecast.errors import SdforecastError

DONE, FAULT, WRONG_INPUT, MACHINE, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 130, 141
"""Exit codes; the last two are what a shell gives for the signals INT and PIPE."""

_MACHINE_ERRNO = {
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EFBIG,
}  # fmt: skip

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on `arguments` (default: those of the process) and return the exit code."""
    _prepare_streams()
    warnings.showwarning = _tell_warning
    if _nowhere():  # first: libraries meet a folder that is gone each in its own way
        return _tell("the folder you are in is gone: go to another one", MACHINE)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _tell("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:
        return _explain(error)
    return code


def _run(arguments: Sequence[str] | None) -> int:
    import click  # here, so that Ctrl-C during the import is met by `main`

    from sdforecast.cli.app import app

    words = sys.argv[1:] if arguments is None else list(arguments)
    if "_SDFORECAST_COMPLETE" in os.environ:  # the shell asks for completions
        app.main(words, prog_name="sdforecast")
    try:
        # Not `app.main`: it would answer interrupts and broken pipes in its own way.
        with app.make_context("sdforecast", words) as context:
            app.invoke(context)
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return WRONG_INPUT
    except click.ClickException as error:
        return _tell(error.format_message() + _where_to_look(error), WRONG_INPUT)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return DONE


def _where_to_look(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f" (see '{context.command_path} --help')" if context is not None else ""


def _explain(error: Exception) -> int:
    if isinstance(error, SdforecastError):
        return _tell("\n".join(str(problem) for problem in error.problems), error.exit_code)
    if isinstance(error, MemoryError):
        return _tell("the machine has not enough memory for this", MACHINE)
    if isinstance(error, OSError) and error.errno in _MACHINE_ERRNO:
        place = f"{error.filename}: " if error.filename else ""
        return _tell(f"{place}{error.strerror}", MACHINE)
    if os.environ.get("SDFORECAST_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error)
    text = " ".join(str(error).split()) or "no message"
    return _tell(
        f"a fault of sdforecast, not of your input: {type(error).__name__}: {text[:300]} "
        "(set SDFORECAST_TRACEBACK=1 to see where; please report it)",
        FAULT,
    )


def _nowhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _tell(text: str, code: int) -> int:
    for line in text.splitlines() or [""]:
        _write_quietly(sys.stderr, f"error: {_CONTROL.sub('?', line)}\n")
    return code


def _tell_warning(message: Warning | str, *_args: Any, **_kwargs: Any) -> None:
    _write_quietly(sys.stderr, f"warning: {_CONTROL.sub('?', ' '.join(str(message).split()))}\n")


def _write_quietly(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens; the exit code still tells
        stream.write(text)
        stream.flush()


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a narrow terminal encoding must not end a run
            stream.reconfigure(errors="backslashreplace")


def _reader_gone() -> int:
    # What is left in the buffer would fail again when the interpreter closes stdout.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE
