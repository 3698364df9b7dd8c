"""What a test of a model found, as one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "structure": "Structure",
    "extreme": "Extreme conditions",
    "integration": "Integration error",
    "loop": "Loop knock-out",
    "reproduction": "Behaviour reproduction",
    "surprise": "Surprise behaviours",
    "family": "Family member",
    "policy": "Policy response",
    "neutrality": "Neutrality",
}
"""Kinds of test in the order of the report, after Forrester and Senge (1980, TIMS Studies in the Management Sciences
14, 209-228) and Barlas (1996, System Dynamics Review 12(3), 183-210); the last is ours."""

PASSED, FAILED, NOT_DONE = "passed", "failed", "not done"


@dataclass(frozen=True)
class Result:
    """One test of one kind.

    Attributes
    ----------
    id, kind : its name, and one of :data:`KINDS`.
    statement : what was tested, in words.
    outcome : `passed`, `failed` or `not done`.
    measured, limit : what was found and what it was held against, as a reader needs them.
    why : the reason for the test, or where the limit comes from.
    note : what else a reader should know: the place of a fault, why a test was not done.
    numbers : the same for programs.
    """

    id: str
    kind: str
    statement: str
    outcome: str
    measured: str = ""
    limit: str = ""
    why: str = ""
    note: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it did not hold."""
        return self.outcome == FAILED


def outcome(holds: bool) -> str:
    """Return `passed` or `failed`."""
    return PASSED if holds else FAILED


def short(value: float) -> str:
    """Return a number with four digits."""
    if value != value:
        return "not a number"
    if value != 0 and abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
