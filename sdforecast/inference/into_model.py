"""Writing an estimate into a Vensim file, so that whoever opens it sees the calibrated run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sdforecast.errors import InputError, Problem

_DIGITS = 6


def with_constants(text: str, values: Mapping[str, float]) -> str:
    """Return the Vensim file `text` with constants set to `values` (by name, six digits), all else untouched.

    Raises `InputError` where a name is not defined exactly once as a plain number.
    """
    problems = []
    for name, value in values.items():
        pattern = re.compile(rf"(?m)^({re.escape(name)}\s*=\s*)[-+0-9.eE]+(?=\s*~)")
        text, found = pattern.subn(lambda match, v=value: f"{match[1]}{v:.{_DIGITS}g}", text)  # type: ignore[misc]
        if found != 1:
            problems.append(Problem(f"'{name}' is set {found} times to a number in the model file, not once"))
    if problems:
        raise InputError(*problems)
    return text
