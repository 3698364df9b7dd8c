"""Reading: from a model file to PySD's tree.

In goes a model file that PySD could translate; out comes PySD's `AbstractModel`, which both Vensim and XMILE files
become: elements (variables) of components (equations), whose expressions are trees of the classes in
`pysd.translators.structures`. Nothing of the file's text is looked at here, but the settings of integration, which
PySD leaves out.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import VENSIM

_VENSIM_SETTING = re.compile(r"^15:\d+,\d+,\d+,(\d+)", re.MULTILINE)
_XMILE_METHOD = re.compile(r"<sim_specs\b[^>]*\bmethod\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_RUNGE_KUTTA = ("1", "3", "4", "5", "rk2", "rk4")


def abstract_model(model: ModelFile) -> Any:
    """Return PySD's `AbstractModel` of a file; raises `InputError` where PySD does not understand it."""
    from sdforecast.model import translating

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return translating.abstract_model(model.path)
    except Exception as error:  # PySD's parsers raise whatever their libraries raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(Problem(f"PySD does not understand this model: {reason}", file=str(model.path))) from error


def integration_method(path: Path) -> str:
    """Return `rk4` if the file asks for Runge-Kutta integration, else `euler`.

    Vensim writes a code as the fourth number of line 15 of its settings: 1 and 5 are Runge-Kutta of fourth order, 3
    and 4 of second. XMILE has `<sim_specs method="RK4">`. Second order is done in fourth, which is no less exact.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() in VENSIM:
        found = _VENSIM_SETTING.search(text, max(text.rfind("///---"), 0))
    else:
        found = _XMILE_METHOD.search(text)
    return "rk4" if found and found.group(1).strip().lower() in _RUNGE_KUTTA else "euler"
