"""The libraries of the extra `evaluate`, imported when they are needed and missed in one line."""

from __future__ import annotations

import importlib
from types import ModuleType

from sdforecast.errors import MachineError, Problem


def library(name: str) -> ModuleType:
    """Return an imported library of the extra. Raises `MachineError` that says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        hint = 'pip install "sdforecast[evaluate]"'
        raise MachineError(Problem(f"{name.partition('.')[0]} is not installed", hint=hint)) from error
