"""From PySD's syntax trees back to what a modeller reads, `stock / MAX(1, lifetime)`; and what a tree rests on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LONGEST = 100
"""Characters after which a quoted formula is cut."""

_BINDS = {
    ":OR:": 1, ":AND:": 2, ":NOT:": 3, "=": 4, "<>": 4, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "^": 8,
}  # fmt: skip
_FUNCTIONS = {
    "DelayStructure": "DELAY", "DelayNStructure": "DELAY N", "DelayFixedStructure": "DELAY FIXED",
    "SmoothStructure": "SMOOTH", "SmoothNStructure": "SMOOTH N", "TrendStructure": "TREND",
    "ForecastStructure": "FORECAST", "SampleIfTrueStructure": "SAMPLE IF TRUE", "InitialStructure": "INITIAL",
    "IntegStructure": "INTEG", "GameStructure": "GAME",
}  # fmt: skip
_START_ONLY = ("initial", "initial_trend")
"""Parts of a stock, delay or smooth that count at the start only."""

CALENDAR = ("step", "pulse", "pulse_train", "ramp", "get_time_value", "active_initial_time")
"""Functions that look at the time without naming it."""


@dataclass(frozen=True)
class Rests:
    """What an expression rests on.

    Attributes
    ----------
    live : clean names of variables that count during the run, in order of appearance, each once.
    start : those that count for a value at the start only (INITIAL, the initial value of a stock or delay).
    on_time : whether it looks at the time.
    """

    live: tuple[str, ...]
    start: tuple[str, ...]
    on_time: bool


def rests_on(*trees: Any) -> Rests:
    """Return the names that expressions refer to, functions among them: whoever asks knows which are variables."""
    live: dict[str, None] = {}
    start: dict[str, None] = {}
    for name, initial in itertools.chain.from_iterable(_references(tree, False) for tree in trees):
        (start if initial else live)[name] = None
    return Rests(tuple(live), tuple(start), "time" in live or any(name in CALENDAR for name in live))


def _references(tree: Any, start: bool) -> Iterator[tuple[str, bool]]:
    """Give every name with whether it counts at the start only."""
    kind = type(tree).__name__
    if kind == "ReferenceStructure":
        yield tree.reference, start
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _references(part, start)
    elif kind == "CallStructure" and tree.function.reference == "active_initial":
        yield from _references(tree.arguments[0], start)
        yield from _references(tree.arguments[1:], True)
    elif kind == "InitialStructure":
        yield from _references(tree.initial, True)
    elif hasattr(tree, "__dict__"):
        for name, part in vars(tree).items():
            yield from _references(part, start or name in _START_ONLY)


def written(tree: Any, names: Mapping[str, str], longest: int = LONGEST) -> str:
    """Return a tree as a formula, variables by their own names; cut where it is longer than `longest`."""
    text = _text(tree, names, 0)
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _text(tree: Any, names: Mapping[str, str], binds: int) -> str:
    kind = type(tree).__name__
    if isinstance(tree, bool | int | float):
        return f"{tree:.10g}"
    if isinstance(tree, np.ndarray):
        return ", ".join(f"{x:.6g}" for x in tree.ravel())
    if isinstance(tree, str):
        return f"'{tree}'"
    if kind == "ReferenceStructure":
        subscripts = f"[{', '.join(tree.subscripts.subscripts)}]" if tree.subscripts else ""
        if tree.reference == "time":
            return "Time"
        return f"{names.get(tree.reference) or tree.reference.replace('_', ' ')}{subscripts}"
    if kind in ("ArithmeticStructure", "LogicStructure"):
        return _operators(tree, names, binds)
    if kind == "CallStructure":
        name = tree.function.reference
        shown = names.get(name, name.replace("_", " ").upper())
        return f"{shown}({_arguments(tree.arguments, names)})"
    if kind == "InlineLookupsStructure":
        return f"WITH LOOKUP({_text(tree.argument, names, 0)}, (…))"
    if kind in _FUNCTIONS:
        return f"{_FUNCTIONS[kind]}({_arguments(tuple(vars(tree).values()), names)})"
    return kind.removesuffix("Structure")


def _arguments(trees: Any, names: Mapping[str, str]) -> str:
    return ", ".join(_text(tree, names, 0) for tree in trees if not isinstance(tree, bool))


def _operators(tree: Any, names: Mapping[str, str], outer: int) -> str:
    binds = min(_BINDS.get(operator.upper(), _BINDS.get(operator, 0)) for operator in tree.operators)
    if len(tree.arguments) == 1:
        sign = "-" if tree.operators[0] == "negative" else f"{tree.operators[0]} "
        text = sign + _text(tree.arguments[0], names, binds)
    else:
        parts = [_text(part, names, binds + (k > 0)) for k, part in enumerate(tree.arguments)]
        pairs = zip(tree.operators, parts[1:], strict=True)
        text = parts[0] + "".join(f" {operator} {part}" for operator, part in pairs)
    return f"({text})" if binds < outer else text
