"""Arithmetic on lanes in the words in which our functions are written."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sdforecast.engine.compiled.emit.lanes import I64, Lanes

MAGIC = 6755399441055744.0
"""1.5 * 2^52: a double plus this has the whole part of the double in its last bits."""

_BIAS = 1023


def split(value: Decimal, bits: int) -> tuple[float, float]:
    """Return a number as a double of so many leading bits, and the rest."""
    scale = 2.0 ** (bits - math.frexp(float(value))[1])
    high = math.floor(float(value) * scale) / scale
    return high, float(value - Decimal(high))


def bits_of(value: float) -> int:
    """Return the bits of a double as a whole number."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


class Real:
    """Arithmetic on lanes in the words of this module."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.builder = lanes, lanes.builder

    def lit(self, value: float) -> Any:
        """Return a number."""
        return self.lanes.lit(value)

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self.builder.fadd(x, y)

    def sub(self, x: Any, y: Any) -> Any:
        """x - y."""
        return self.builder.fsub(x, y)

    def mul(self, x: Any, y: Any) -> Any:
        """x * y."""
        return self.builder.fmul(x, y)

    def div(self, x: Any, y: Any) -> Any:
        """x / y."""
        return self.builder.fdiv(x, y)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """x * y + z with one rounding."""
        return self.lanes.intrinsic("llvm.fma", x, y, z)

    def less(self, x: Any, y: Any) -> Any:
        """x < y."""
        return self.builder.fcmp_ordered("<", x, y)

    def equal(self, x: Any, y: Any) -> Any:
        """x = y."""
        return self.builder.fcmp_ordered("==", x, y)

    def pick(self, condition: Any, x: Any, y: Any) -> Any:
        """Return x where the condition holds, else y."""
        return self.builder.select(condition, x, y)

    def series(self, coefficients: Sequence[float], x: Any) -> Any:
        """Return c0 + c1 x + c2 x^2 + ..., neighbours first (Estrin's scheme): the processor does them side by side."""
        terms = [self.lit(coefficient) for coefficient in coefficients]
        while len(terms) > 1:
            pairs = [self.fma(high, x, low) for low, high in zip(terms[::2], terms[1::2], strict=False)]
            terms = pairs + terms[len(pairs) * 2 :]
            x = self.mul(x, x)
        return terms[0]

    def whole(self, value: int) -> Any:
        """Return a whole number."""
        return self.lanes.constant(I64, value)

    def as_bits(self, x: Any) -> Any:
        """Return the bits of doubles as whole numbers."""
        return self.builder.bitcast(x, self.lanes.over(I64))

    def as_double(self, bits: Any) -> Any:
        """Return the doubles of whole numbers that are their bits."""
        return self.builder.bitcast(bits, self.lanes.double)

    def power_of_two(self, n: Any) -> Any:
        """Return 2^n for whole n from -1022 to 1023."""
        return self.as_double(self.builder.shl(self.builder.add(n, self.whole(_BIAS)), self.whole(52)))

    def two_sum(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return x + y and what rounding lost, for |x| >= |y|."""
        total = self.add(x, y)
        return total, self.sub(y, self.sub(total, x))
