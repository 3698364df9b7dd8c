"""Writing so that nothing is ever half-written: a temporary name beside the target, then a rename."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from sdforecast.errors import MachineError, Problem

MARKER = "manifest.json"
"""The file by which we know a folder of ours; many programs have one of this name, so its content counts."""

_BY_THE_DESKTOP = (".DS_Store", "Thumbs.db", "desktop.ini")  # left by whoever looks into a folder


def _refuse(path: Path, error: OSError) -> MachineError:
    return MachineError(Problem(f"cannot write here: {error.strerror or error}", file=str(path)))


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` (UTF-8, newlines as they are) in one step. Raises `MachineError`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step. Raises `MachineError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refuse(path, error) from error


@contextmanager
def replaced_folder(path: Path, holds: Collection[str]) -> Iterator[Path]:
    """Give a fresh folder that takes the place of `path` when the block ends without an error.

    An existing folder is replaced as a whole, but only if it is empty, or if our manifest says that an earlier run
    wrote it and it has nothing but the names in `holds`. Anything else is refused with `MachineError` before any
    work is done, and so is the folder that the user stands in: it would be gone under their feet.
    """
    path = path.absolute()
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise MachineError(Problem("is not a folder", file=str(path), hint="name another output folder"))
    if path.exists() and Path.cwd().is_relative_to(path.resolve()):
        hint = "go one folder up, or name a folder inside this one with -o"
        raise MachineError(Problem("is the folder you are in, and would be replaced", file=str(path), hint=hint))
    if path.is_dir() and any(path.iterdir()) and not _is_ours(path, holds):
        hint = "name a new or empty folder with -o"
        raise MachineError(Problem("holds files that are not ours, nothing was changed", file=str(path), hint=hint))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        fresh.chmod(0o755)
    except OSError as error:
        raise _refuse(path, error) from error
    try:
        yield fresh
        _swap(fresh, path)
    except BrokenPipeError:  # whoever read our progress has gone: no fault of the folder
        raise
    except OSError as error:
        raise _refuse(path, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _is_ours(folder: Path, holds: Collection[str]) -> bool:
    if not {entry.name for entry in folder.iterdir()} <= {*holds, *_BY_THE_DESKTOP}:
        return False
    try:
        record = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and "sdforecast" in record


def _swap(fresh: Path, path: Path) -> None:
    if not path.exists():
        fresh.replace(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    path.replace(old / "old")
    try:
        fresh.replace(path)
    except OSError:
        (old / "old").replace(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
