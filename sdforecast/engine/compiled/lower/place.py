"""Where an expression stands: what its range names mean and whether it is wanted at the start or at any step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Place:
    """The surroundings of an expression.

    Attributes
    ----------
    variable : whose equation it is in, as the modeller wrote it.
    cell : which cell of it.
    component : PySD's component: it knows the interpolation of data.
    bound : what the range names of the left side stand for.
    over : what each `range!` stands for inside a sum.
    start : True for the value at the initial time.
    """

    variable: str
    cell: tuple[str, ...]
    component: Any
    bound: Mapping[str, str]
    over: Mapping[str, str] = field(default_factory=dict)
    start: bool = False

    @property
    def at_start(self) -> Place:
        """The same place at the initial time."""
        return replace(self, start=True)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells one expansion of a tree from another, whatever the time."""
        return (self.variable, self.cell, tuple(sorted(self.over.items())))
