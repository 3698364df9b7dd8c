"""Building a program node by node: equal nodes are made once, literals are folded, trivial operations vanish.

For example `x * (2 + 3)` and another `x * 5` become one node. What is rewritten keeps the value to the last bit, but
whole powers, which become multiplications (within some units of the last place).
"""

from __future__ import annotations

import math

import numpy as np

from sdforecast.engine.compiled.operations import LEAVES, OPERATIONS
from sdforecast.engine.compiled.program import Node

LARGEST_PRODUCT = 16
"""Whole powers up to which multiplying is both faster than `pow` and exact to a few units in the last place."""


class Builder:
    """A growing list of nodes. Methods return the position of a node, old or new."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[object, int] = {}

    def lit(self, value: float) -> int:
        """Return a literal. Zero and minus zero differ; one NaN equals another."""
        value = float(value)
        return self._add(Node("lit", (), value), ("lit", value.hex()))

    def leaf(self, op: str, data: int | tuple[int, int] | None = None) -> int:
        """Return a leaf of kind `op`."""
        if op not in LEAVES:
            raise ValueError(f"no leaf '{op}'")
        return self._add(Node(op, (), data))

    def lookup(self, x: int, table: int) -> int:
        """Return table number `table` read at `x`."""
        return self._add(Node("lookup", (x,), table))

    def initial(self, x: int) -> int:
        """Return the value of `x` at the initial time."""
        return x if self.nodes[x].op == "lit" else self._add(Node("initial", (x,)))

    def op(self, name: str, *args: int) -> int:
        """Return operation `name` of `args`, converting between truth values and numbers where it must."""
        operation = OPERATIONS[name]
        if len(args) != len(operation.takes):
            raise ValueError(f"'{name}' takes {len(operation.takes)} arguments, not {len(args)}")
        given = tuple(self._as(kind, arg) for kind, arg in zip(operation.takes, args, strict=True))
        return self._simple(name, given) if operation.gives == "d" else self._plain(name, given)

    def number(self, x: int) -> int:
        """Return `x` as a double: a truth value is 1 or 0."""
        return self._as("d", x)

    def truth(self, x: int) -> int:
        """Return `x` as a truth value: a number is true unless it is 0."""
        return self._as("t", x)

    def value(self, x: int) -> float | None:
        """Return the number that a literal holds, else None."""
        node = self.nodes[x]
        return float(node.data) if node.op == "lit" and isinstance(node.data, float) else None

    def gives(self, x: int) -> str:
        """Return `t` if a node is a truth value, else `d`."""
        operation = OPERATIONS.get(self.nodes[x].op)
        return operation.gives if operation else "d"

    def _as(self, kind: str, x: int) -> int:
        if self.gives(x) == kind:
            return x
        return self._plain("number", (x,)) if kind == "d" else self._plain("ne", (x, self.lit(0.0)))

    def _plain(self, name: str, args: tuple[int, ...]) -> int:
        """Return the operation, folded if all arguments are literal and the result is a number."""
        folded = self._folded(name, args)
        return self._add(Node(name, args)) if folded is None else folded

    def _folded(self, name: str, args: tuple[int, ...]) -> int | None:
        """Return the literal that the operation on literals gives; truth values are literals behind `ne`."""
        values = [self._constant(arg) for arg in args]
        if name == "select" and values[0] is not None:
            return args[1] if values[0] else args[2]
        operation = OPERATIONS[name]
        known = [value for value in values if value is not None]
        if operation.gives != "d" or len(known) < len(values):
            return None
        with np.errstate(all="ignore"):
            return self.lit(float(operation.numpy(*known)))

    def _constant(self, x: int) -> float | bool | None:
        """Return what a node of literals alone is worth, else None."""
        node = self.nodes[x]
        if node.op == "lit":
            return self.value(x)
        if self.gives(x) == "d":
            return None
        values = [self._constant(arg) for arg in node.args]
        known = [value for value in values if value is not None]
        return bool(OPERATIONS[node.op].numpy(*known)) if len(known) == len(values) else None

    def _simple(self, name: str, args: tuple[int, ...]) -> int:
        """Return the operation in its simplest form with the same value."""
        values = [self.value(arg) for arg in args]
        if name == "mul" and 1.0 in values:
            return args[1 - values.index(1.0)]
        if name == "div" and values[1] == 1.0:
            return args[0]
        if name in ("add", "sub") and _is_zero(values[1]) and name == "sub":
            return args[0]
        if name == "pow" and values[0] is None and values[1] is not None:
            return self._power(args[0], args[1], values[1])
        if name == "select" and args[1] == args[2]:
            return args[1]
        return self._plain(name, args)

    def _power(self, x: int, exponent: int, value: float) -> int:
        if value == 1.0:
            return x
        if value == 0.0:
            return self.lit(1.0)
        if value == 0.5:
            return self._plain("sqrt", (x,))
        if value == -1.0:
            return self._plain("div", (self.lit(1.0), x))
        if value.is_integer() and 2 <= value <= LARGEST_PRODUCT:
            return self._product(x, int(value))
        return self._plain("pow", (x, exponent))

    def _product(self, x: int, times: int) -> int:
        """Return x to a whole power by squaring: x^5 is (x^2)^2 x."""
        if times == 1:
            return x
        half = self._product(x, times // 2)
        square = self._plain("mul", (half, half))
        return square if times % 2 == 0 else self._plain("mul", (square, x))

    def _add(self, node: Node, key: object = None) -> int:
        found = self._known.setdefault(node if key is None else key, len(self.nodes))
        if found == len(self.nodes):
            self.nodes.append(node)
        return found


def _is_zero(value: float | None) -> bool:
    return value == 0.0 and math.copysign(1.0, value) > 0
