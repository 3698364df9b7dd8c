"""The program of a model as source code for the peers: the same operations, in C or in Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import read_table
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.operations import OPERATIONS

_COMMON = {
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
    "lt": "({0} < {1})", "le": "({0} <= {1})", "gt": "({0} > {1})", "ge": "({0} >= {1})", "eq": "({0} == {1})",
    "ne": "({0} != {1})",
}  # fmt: skip
C = _COMMON | {
    "min": "({0} < {1} ? {0} : {1})", "max": "({0} > {1} ? {0} : {1})", "abs": "fabs({0})", "sqrt": "sqrt({0})",
    "exp": "exp({0})", "log": "log({0})", "pow": "pow({0}, {1})", "sin": "sin({0})", "cos": "cos({0})",
    "tanh": "tanh({0})", "trunc": "trunc({0})", "and": "({0} && {1})", "or": "({0} || {1})", "not": "(!{0})",
    "number": "({0} ? 1.0 : 0.0)", "select": "({0} ? {1} : {2})",
}  # fmt: skip
PYTHON = _COMMON | {
    "min": "np.minimum({0}, {1})", "max": "np.maximum({0}, {1})", "abs": "np.abs({0})", "sqrt": "np.sqrt({0})",
    "exp": "np.exp({0})", "log": "np.log({0})", "pow": "np.power({0}, {1})", "sin": "np.sin({0})",
    "cos": "np.cos({0})", "tanh": "np.tanh({0})", "trunc": "np.trunc({0})", "and": "np.logical_and({0}, {1})",
    "or": "np.logical_or({0}, {1})", "not": "np.logical_not({0})", "number": "np.where({0}, 1.0, 0.0)",
    "select": "np.where({0}, {1}, {2})",
}  # fmt: skip
SCALAR = PYTHON | {
    "min": "min({0}, {1})", "max": "max({0}, {1})", "number": "(1.0 if {0} else 0.0)",
    "select": "({1} if {0} else {2})", "and": "({0} and {1})", "or": "({0} or {1})", "not": "(not {0})",
}  # fmt: skip


def lines(leveled: Leveled, forms: dict[str, str], level: Level, leaf: Callable[[int], str], end: str) -> list[str]:
    """Return one assignment for each node of a level."""
    made = []
    for k, node in enumerate(leveled.program.nodes):
        if leveled.levels[k] is not level:
            continue
        args = [name(leveled, forms, arg) for arg in node.args]
        if node.op == "lookup":
            value = f"table{node.data}({args[0]})"
        elif node.op in OPERATIONS:
            value = forms[node.op].format(*args)
        else:
            value = leaf(k)
        made.append(f"v{k} = {value}{end}")
    return made


def name(leveled: Leveled, forms: dict[str, str], k: int) -> str:
    """Return how a node is referred to: a number, or its variable."""
    node = leveled.program.nodes[k]
    if leveled.levels[k] is not Level.LITERAL:
        return f"v{k}"
    if node.op == "lit":
        return f"({float(node.data)!r})"
    return forms[node.op].format(*(name(leveled, forms, arg) for arg in node.args))


def shared_values(leveled: Leveled, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Return what all members share: slots [slots] and the table [rows, columns], computed by NumPy."""
    values: dict[int, np.ndarray | float] = {}
    places = {k: n for n, k in enumerate(k for k in range(len(leveled.program.series)) if k not in leveled.own)}
    with np.errstate(all="ignore"):
        for k, node in enumerate(leveled.program.nodes):
            if leveled.levels[k] not in (Level.LITERAL, Level.SHARED, Level.TIME):
                continue
            args = [values[arg] for arg in node.args]
            if node.op in OPERATIONS:
                values[k] = OPERATIONS[node.op].numpy(*args)
            elif node.op == "lookup":
                values[k] = read_table(leveled.program.tables[node.data], args[0])
            elif node.op == "lit":
                values[k] = node.data
            elif node.op == "par":
                values[k] = inputs.parameters[node.data]
            elif node.op == "time":
                values[k] = inputs.clock[:, node.data]
            elif node.op == "series start":
                values[k] = inputs.series[0, 0, places[node.data]]
            else:
                values[k] = inputs.series[:, node.data[1], places[node.data[0]]]
    rows = len(inputs.clock)
    slots = np.array([float(values[k]) for k in leveled.slots])
    columns = [np.broadcast_to(np.asarray(values[k], dtype=float), rows) for k in leveled.columns]
    return slots, np.stack(columns, axis=1) if columns else np.zeros((rows, 0))
