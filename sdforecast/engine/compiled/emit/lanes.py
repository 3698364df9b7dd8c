"""Lanes: LLVM's builder for values of W members at once.

A value is `<W x double>` (or `double` for one member), a truth value `<W x i1>`. The methods here, and `function` of
:class:`.mathematics.MathLanes`, are all that the `emit` column of :mod:`..operations` may call. No flag allows LLVM to
reorder or fuse arithmetic, so that every width gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.operations import OPERATIONS

F64, I64, I32, I1, I8 = ir.DoubleType(), ir.IntType(64), ir.IntType(32), ir.IntType(1), ir.IntType(8)
PTR = ir.PointerType()


class Lanes:
    """A place in a function where instructions are added, for `width` members at once.

    It is also the algebra in which derivatives are written: `o("mul", x, y)` adds an operation by name.
    """

    def __init__(self, builder: ir.IRBuilder, width: int) -> None:
        self.builder, self.width = builder, width
        self.double = self.over(F64)

    def over(self, kind: Any) -> Any:
        """Return the type of `kind` in every lane."""
        return kind if self.width == 1 else ir.VectorType(kind, self.width)

    def constant(self, kind: Any, value: float) -> Any:
        """Return the same constant in every lane."""
        return ir.Constant(self.over(kind), value if self.width == 1 else [value] * self.width)

    def lane_of(self, constant: Any) -> Any:
        """Return what :meth:`constant` has put into every lane."""
        return constant.constant if self.width == 1 else constant.constant[0].constant

    def lit(self, value: float) -> Any:
        """Return a number."""
        return self.constant(F64, float(value))

    def __call__(self, name: str, *args: Any) -> Any:
        """Add operation `name` of the table of operations."""
        return OPERATIONS[name].emit(self, *args)

    # --- what operations are made of -------------------------------------------------------------------

    def fadd(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self.builder.fadd(x, y)

    def fsub(self, x: Any, y: Any) -> Any:
        """x - y."""
        return self.builder.fsub(x, y)

    def fmul(self, x: Any, y: Any) -> Any:
        """x * y."""
        return self.builder.fmul(x, y)

    def fdiv(self, x: Any, y: Any) -> Any:
        """x / y."""
        return self.builder.fdiv(x, y)

    def fneg(self, x: Any) -> Any:
        """Minus x."""
        return self.builder.fneg(x)

    def fcmp_ordered(self, symbol: str, x: Any, y: Any) -> Any:
        """Compare; false if one is NaN."""
        return self.builder.fcmp_ordered(symbol, x, y)

    def fcmp_unordered(self, symbol: str, x: Any, y: Any) -> Any:
        """Compare; true if one is NaN."""
        return self.builder.fcmp_unordered(symbol, x, y)

    def and_(self, x: Any, y: Any) -> Any:
        """Both."""
        return self.builder.and_(x, y)

    def or_(self, x: Any, y: Any) -> Any:
        """Either or both."""
        return self.builder.or_(x, y)

    def not_(self, x: Any) -> Any:
        """Return the opposite."""
        return self.builder.xor(x, self.constant(I1, 1))

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """Return x where the condition holds, else y."""
        return self.builder.select(condition, x, y)

    def intrinsic(self, name: str, *args: Any) -> Any:
        """Call one of LLVM's own functions of doubles, which a processor has an instruction for."""
        suffix = "f64" if self.width == 1 else f"v{self.width}f64"
        return self.builder.call(self.declared(f"{name}.{suffix}", self.double, len(args)), args)

    def modulo(self, x: Any, y: Any) -> Any:
        """Return the remainder with the sign of the divisor, as Python has it."""
        fmod = self.declared("fmod", F64, 2)
        rest = self.by_lane(lambda *lane: self.builder.call(fmod, lane), (x, y))
        zero = self.lit(0)
        other = self.builder.xor(self.fcmp_ordered("<", rest, zero), self.fcmp_ordered("<", y, zero))
        whole = self.fcmp_ordered("==", rest, zero)
        rest = self.select(other, self.fadd(rest, y), rest)
        return self.select(whole, self.intrinsic("llvm.copysign", zero, y), rest)

    def by_lane(self, made: Any, args: Sequence[Any]) -> Any:
        """Return what `made` gives for each lane, put together."""
        if self.width == 1:
            return made(*args)
        return self.together([made(*(self.lane(arg, k) for arg in args)) for k in range(self.width)])

    def together(self, values: Sequence[Any]) -> Any:
        """Return one number for each lane, put together."""
        if self.width == 1:
            return values[0]
        result = ir.Constant(self.double, ir.Undefined)
        for k, value in enumerate(values):
            result = self.builder.insert_element(result, value, ir.Constant(I32, k))
        return result

    def lane(self, value: Any, k: int) -> Any:
        """Return the number in lane `k`."""
        return value if self.width == 1 else self.builder.extract_element(value, ir.Constant(I32, k))

    def declared(self, name: str, kind: Any, count: int) -> Any:
        """Return a function from outside the module, of so many arguments of the kind that it gives."""
        module = self.builder.module
        if name in module.globals:
            return module.globals[name]
        return ir.Function(module, ir.FunctionType(kind, [kind] * count), name)

    # --- memory ----------------------------------------------------------------------------------------

    def load(self, base: Any, place: Any) -> Any:
        """Return the lanes at `place` (counted in lanes' widths) of an array [n][W]."""
        return self.builder.load(self._at(base, place), typ=self.double, align=8)

    def store(self, value: Any, base: Any, place: Any) -> None:
        """Put the lanes at `place` of an array [n][W]."""
        self.builder.store(value, self._at(base, place), align=8)

    def store_apart(self, value: Any, bases: Sequence[Any], place: Any) -> None:
        """Put each lane at `place` of an array of its own."""
        for k, base in enumerate(bases):
            self.builder.store(self.lane(value, k), self.builder.gep(base, [place], source_etype=F64), align=8)

    def _at(self, base: Any, place: Any) -> Any:
        index = self.builder.mul(place, ir.Constant(I64, self.width)) if self.width > 1 else place
        return self.builder.gep(base, [index], source_etype=F64)

    def spread(self, base: Any, place: Any) -> Any:
        """Return the one number at `place` of an array [n], in every lane."""
        value = self.builder.load(self.builder.gep(base, [place], source_etype=F64), typ=F64, align=8)
        return self.spread_value(value)

    def spread_value(self, value: Any) -> Any:
        """Return one number in every lane."""
        if self.width == 1:
            return value
        nothing = ir.Constant(self.over(value.type), ir.Undefined)
        first = self.builder.insert_element(nothing, value, ir.Constant(I32, 0))
        mask = ir.Constant(ir.VectorType(I32, self.width), [0] * self.width)
        return self.builder.shuffle_vector(first, nothing, mask)


def index(value: int) -> Any:
    """Return a position as a constant."""
    return ir.Constant(I64, value)
