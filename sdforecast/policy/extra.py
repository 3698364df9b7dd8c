"""The libraries of the extra `policy`, imported when they are needed and missed in one line."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

from sdforecast.errors import MachineError, Problem

INSTALL = 'pip install "sdforecast[policy]"'


def library(name: str) -> ModuleType:
    """Return an imported library of the extra. Raises `MachineError` that says how to install it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ema-workbench tells of evaluators that nobody asked for
            return importlib.import_module(name)
    except ImportError as error:
        raise MachineError(Problem(f"{name.partition('.')[0]} is not installed", hint=INSTALL)) from error
