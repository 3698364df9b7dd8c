"""Every fault that a user can cause or meet, as one record and four exceptions.

A :class:`Problem` says what is wrong and where; an exception carries one or more of them and
knows the exit code of the command line. Nothing else in the package prints or exits.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    what : what is wrong, in one sentence without a final full stop.
    file : the file it stands in, as the user named it.
    line, column : 1-based place in that file, where known.
    hint : the nearest valid choice, or what to do about it.
    """

    what: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = f"{place}: {self.what}" if place else self.what
        return f"{text} ({self.hint})" if self.hint else text


class SdforecastError(Exception):
    """Base of our errors; `problems` is never empty."""

    exit_code = 1

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__(*self.problems)  # so that file, line and hint survive the way from another process

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class CheckError(SdforecastError):
    """A check of the model, the data or the fit failed (exit code 1)."""

    exit_code = 1


class InputError(SdforecastError):
    """What the user gave is wrong (exit code 2)."""

    exit_code = 2


class MachineError(SdforecastError):
    """The machine refused: disk, memory, a missing extra (exit code 3)."""

    exit_code = 3


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return a hint that names the closest of `choices`, or lists a few where none is close."""
    known = list(choices)
    folded = {choice.casefold(): choice for choice in known}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.55)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    shown = ", ".join(known[:6]) + (", …" if len(known) > 6 else "")
    return f"known: {shown}"
