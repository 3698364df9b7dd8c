"""Which engine runs a model: the compiled one where it can, PySD where it cannot, and what the user is told."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, Problem, SdforecastError
from sdforecast.model import ModelFile

ENGINES = ("auto", "compiled", "pysd")
"""`compiled`: machine code, or an error that says what is not compiled. `pysd`: the reference. `auto`: the first
where it can, else the second, with a warning."""


class NonFiniteWarning(UserWarning):
    """A run holds values that are not finite: a division by zero, a logarithm of nothing."""


_Result = TypeVar("_Result")


class SlowEngineWarning(UserWarning):
    """The model runs under PySD, because something in it is not compiled."""


def choose(
    model: ModelFile,
    engine: str,
    compiled: Callable[[Machine], _Result],
    hint: str = "--engine auto runs it with PySD",
) -> _Result | None:
    """Return what `compiled` makes with the compiled engine, or None if PySD is to be used.

    `hint` says what to do where `engine` is `compiled` and something in the model is not.

    Raises
    ------
    InputError : an unknown engine; `engine` is `compiled` and something in the model is not.
    """
    if engine not in ENGINES:
        raise InputError(Problem(f"no engine '{engine}'", hint=f"one of {', '.join(ENGINES)}"))
    if engine == "pysd":
        return None
    try:
        return compiled(machine(model))
    except InputError as error:
        raise InputError(*(replace(p, file=p.file or str(model.path)) for p in error.problems)) from error
    except Unsupported as reason:
        line = _line_of(model, reason.variable) if reason.variable else None
        if engine == "compiled":
            what = f"not compiled: {reason}"
            raise InputError(Problem(what, file=str(model.path), line=line, hint=hint)) from reason
        place = f"{model.path}:{line}" if line else str(model.path)
        text = f"running under PySD, a thousand times slower or more: {reason} ({place})"
        warnings.warn(text, SlowEngineWarning, stacklevel=2)
        return None


_machines: dict[tuple[str, str], Machine] = {}  # the last few models, so that a second run compiles nothing
_KEPT = 4


def machine(model: ModelFile) -> Machine:
    """Return the machine of a model, made once a process while it is among the last few. Raises `Unsupported`."""
    key = (str(model.path.resolve()), model.sha256)
    if key not in _machines:
        made = _made(model)
        while len(_machines) >= _KEPT:
            _machines.pop(next(iter(_machines)))
        _machines[key] = made
    return _machines[key]


def _made(model: ModelFile) -> Machine:
    """Return a new machine. A fault of ours is no reason to leave a user without a run that PySD can do."""
    try:
        return Machine(model)
    except (SdforecastError, Unsupported, MemoryError):
        raise
    except Exception as fault:
        told = " ".join(str(fault).split())[:120]
        raise Unsupported(
            f"something our compiler stumbles over ({type(fault).__name__} {told}; please report it)"
        ) from fault


def _line_of(model: ModelFile, variable: str) -> int | None:
    """Return the line on which a Vensim file begins to define a variable."""
    if model.path.suffix.lower() != ".mdl":
        return None
    name = r"\s+".join(re.escape(word) for word in variable.strip('"').replace("_", " ").split())
    begins = re.compile(rf'^\s*"?{name}"?\s*(\[[^\]]*\]\s*)?(:EXCEPT:.*)?(==?|:=|\(|:RAW:|$)', re.IGNORECASE)
    with model.path.open(encoding="utf-8", errors="replace") as lines:
        return next((k for k, line in enumerate(lines, start=1) if begins.match(line)), None)
