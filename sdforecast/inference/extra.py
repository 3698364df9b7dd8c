"""What calibrating needs beyond the package itself: the extra `calibrate`."""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec

from sdforecast.errors import MachineError, Problem

PACKAGES = {"pymc": "PyMC", "nutpie": "nutpie", "arviz": "ArviZ"}
INSTALL = 'pip install "sdforecast[calibrate]"'


def require(what: str = "calibrating") -> None:
    """Raise `MachineError` with the line that installs what is missing."""
    missing = [title for name, title in PACKAGES.items() if find_spec(name) is None]
    if missing:
        raise MachineError(Problem(f"{what} needs {', '.join(missing)}, not installed here", hint=INSTALL))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # ArviZ announces its next version when first imported
        import_module("arviz")
