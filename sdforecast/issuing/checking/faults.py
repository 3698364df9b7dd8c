"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass

from sdforecast.errors import Problem


@dataclass(frozen=True)
class Fault:
    """One rule that a hub breaks.

    Attributes
    ----------
    check : name of the check.
    file : path inside the hub.
    what : what is wrong.
    error : whether further checks of the file were left out; otherwise it is a failure.
    """

    check: str
    file: str
    what: str
    error: bool = False

    @property
    def problem(self) -> Problem:
        """The fault as a message."""
        return Problem(f"{self.what} [{self.check}]", file=self.file)
