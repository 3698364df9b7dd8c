"""Evaluating: what a node of constants alone is worth, without a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.rebuilding import needed
from sdforecast.engine.compiled.unsupported import Unsupported


def constant(program: Program, key: str, values: Sequence[float]) -> float:
    """Return the value of the output `key` where it depends on parameters alone.

    Parameters
    ----------
    values : of the parameters, in their order.

    Raises
    ------
    Unsupported : it depends on time or on a stock.
    """
    root = next(output.node for output in program.outputs if output.key == key)
    known: dict[int, float] = {}
    for k in needed(program.nodes, [root]):
        node = program.nodes[k]
        if node.op == "lit" and isinstance(node.data, float):
            known[k] = node.data
        elif node.op == "par" and isinstance(node.data, int):
            known[k] = float(values[node.data])
        elif node.op == "start":
            known[k] = program.initial_time
        elif node.op == "initial":
            known[k] = known[node.args[0]]
        elif node.op in OPERATIONS:
            with np.errstate(all="ignore"):
                known[k] = float(OPERATIONS[node.op].numpy(*(known[arg] for arg in node.args)))
        else:
            raise Unsupported(f"a {key} that is not constant")
    return known[root]
