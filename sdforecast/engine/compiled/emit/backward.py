"""The gradient in LLVM's terms: the rows in reverse, and in each row the operations in reverse.

    void backward_W(rows, varied, shared, table, own, saved, lengths, ring, cotangent, tape, gradient, own_gradient,
                    zero_row)

It is reverse accumulation as in the smallest of teaching engines, with one addition: what is dear to compute comes from
the tape that `forward` has kept for each row, the rest is computed again. `adjoint[k]` is how much the result changes
with node k. A row's adjoints start from the cotangents of what was saved there and from the adjoints of the next row's
states; walking the operations from the last to the first, each hands its adjoint to its arguments by its `partials`.
What reaches MEMBER nodes is summed in memory over all rows and walked through the prologue once, at the end.

Members are lanes, as in :mod:`.forward`: tape [rows, tape size, W], gradient [varied, W], own_gradient [rows, moments,
own, W]. `cotangent` stands in [saved rows + 1, outputs, W]; rows that are not saved read the last, number `zero_row`, which is
zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.forward import Rings, prologue, tape_size, taped
from sdforecast.engine.compiled.emit.lanes import I8, I64, Lanes, index
from sdforecast.engine.compiled.emit.loops import MOMENTS, each, function
from sdforecast.engine.compiled.emit.mathematics import MathLanes
from sdforecast.engine.compiled.emit.pieces import Piece
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.operations import OPERATIONS

BACKWARD = ("rows", "varied", "shared", "table", "own", "saved", "lengths", "ring", "cotangent", "tape", "gradient",
            "own_gradient", "zero_row")  # fmt: skip


def backward(module: ir.Module, leveled: Leveled, width: int) -> None:
    """Write the function that pulls cotangents back to varied parameters and own series, for W members."""
    made, given = function(module, f"backward_{width}", BACKWARD)
    _Backward(leveled, MathLanes(ir.IRBuilder(made.append_basic_block("prologue")), width), made, given).write()


class _Backward:
    def __init__(self, leveled: Leveled, lanes: Lanes, made: Any, given: dict[str, Any]) -> None:
        self.leveled, self.program, self.lanes = leveled, leveled.program, lanes
        self.builder, self.made, self.given = lanes.builder, made, given
        self.piece = Piece(leveled, lanes)
        self.adjoint: dict[int, Any] = {}
        self.sums: dict[int, Any] = {}  # where the adjoints of MEMBER nodes are summed

    def write(self) -> None:
        """Write prologue, loop and what follows it."""
        builder, rows = self.builder, self.given["rows"]
        for k in self.piece.at_level(Level.MEMBER):
            self.sums[k] = builder.alloca(self.lanes.double)
            builder.store(self.lanes.lit(0), self.sums[k])
        prologue(self.piece, self.given)
        before, loop, after = builder.block, self._block("row"), self._block("end")
        builder.cbranch(builder.icmp_signed("<", index(0), rows), loop, after)
        builder.position_at_end(loop)
        row = builder.phi(I64)
        saved_after = builder.phi(I64)
        coming = [builder.phi(self.lanes.double) for _ in self.program.states]
        leaving, saved_before = self._row(row, saved_after, coming)
        following = builder.sub(row, index(1))
        first = ir.IRBuilder(before)
        first.position_before(before.terminator)
        last = first.sub(rows, index(1))
        saved_all = self._count(first)
        zero = self.lanes.lit(0)
        for phi, start, then in zip(
            [row, saved_after, *coming], [last, saved_all, *[zero] * len(coming)], [following, saved_before, *leaving],
            strict=True,
        ):  # fmt: skip
            phi.add_incoming(start, before)
            phi.add_incoming(then, builder.block)
        looping = builder.block
        builder.cbranch(builder.icmp_signed(">=", following, index(0)), loop, after)
        builder.position_at_end(after)
        ends = [builder.phi(self.lanes.double) for _ in leaving]
        for phi, value in zip(ends, leaving, strict=True):
            phi.add_incoming(zero, before)
            phi.add_incoming(value, looping)
        self._start(ends)
        builder.ret_void()

    def _block(self, name: str) -> Any:
        return self.made.append_basic_block(name)

    def _count(self, builder: ir.IRBuilder) -> Any:
        """Return how many rows were saved: the place of the zero row."""
        return builder.load(self.given["zero_row"], typ=I64)

    # --- one row ---------------------------------------------------------------------------------------

    def _row(self, row: Any, saved_after: Any, coming: Sequence[Any]) -> tuple[list[Any], Any]:
        """Write one row; returns the adjoints of its states and the number of rows saved before it."""
        self.piece.load_columns(self.given["table"], row, set(self.leveled.columns))
        self._from_tape(row)
        self.piece.compute_all(self.piece.at_level(Level.STEP))
        self.adjoint = {}
        saved_before = self._seed_outputs(row, saved_after)
        for state, adjoint in zip(self.program.states, coming, strict=True):
            self._give(state.root, adjoint)
        rings = Rings(self.leveled, self.lanes, self.given)
        places = rings.places(row)
        for ring, place in zip(self.program.rings, places, strict=True):
            self._give(ring.input, rings.read(place))
        self._sweep(self.piece.at_level(Level.STEP))
        return self._leaves(row, rings, places), saved_before

    def _from_tape(self, row: Any) -> None:
        """Take states, dear results, slopes and what came out of rings."""
        size, kept = tape_size(self.leveled), taped(self.leveled)
        begin = self.builder.mul(row, index(size))
        loaded = iter(range(size))

        def following() -> Any:
            return self.lanes.load(self.given["tape"], self.builder.add(begin, index(next(loaded))))

        states = [following() for _ in self.program.states]
        for k in kept:
            self.piece.values[k] = following()
        for k in kept:
            if self.program.nodes[k].op == "lookup":
                self.piece.slopes[k] = following()
        for k in self.piece.at_level(Level.STEP):
            node = self.program.nodes[k]
            if node.op == "ring":
                self.piece.values[k] = following()
            elif node.op == "state":
                self.piece.values[k] = states[int(node.data)]  # type: ignore[arg-type]
            elif node.op == "series" and isinstance(node.data, tuple):
                self.piece.values[k] = self.lanes.load(self.given["own"], self._own_place(row, node.data))

    def _own_place(self, row: Any, data: tuple[int, int]) -> Any:
        """Return where an own series stands in [rows, moments, own]."""
        moment = self.builder.add(self.builder.mul(row, index(MOMENTS[self.program.method])), index(data[1]))
        place = self.builder.mul(moment, index(len(self.leveled.own)))
        return self.builder.add(place, index(self.leveled.own.index(data[0])))

    def _seed_outputs(self, row: Any, saved_after: Any) -> Any:
        """Start the adjoints of outputs from the cotangent of this row, zero where it was not saved."""
        builder = self.builder
        flag = builder.load(builder.gep(self.given["saved"], [row], source_etype=I8), typ=I8)
        is_saved = builder.icmp_signed("!=", flag, ir.Constant(I8, 0))
        saved_before = builder.select(is_saved, builder.sub(saved_after, index(1)), saved_after)
        zero_row = builder.load(self.given["zero_row"], typ=I64)
        place = builder.mul(builder.select(is_saved, saved_before, zero_row), index(len(self.program.outputs)))
        for k, output in enumerate(self.program.outputs):
            if self.leveled.levels[output.node] in (Level.STEP, Level.MEMBER):
                self._give(output.node, self.lanes.load(self.given["cotangent"], builder.add(place, index(k))))
        return saved_before

    def _leaves(self, row: Any, rings: Rings, places: Sequence[Any]) -> list[Any]:
        """Hand on what reached the leaves of a row; returns the adjoints of the states."""
        zero = self.lanes.lit(0)
        states: list[Any] = [zero] * len(self.program.states)
        out: list[Any] = [zero] * len(self.program.rings)
        for k in self.piece.at_level(Level.STEP):
            node, adjoint = self.program.nodes[k], self.adjoint.get(k, zero)
            if node.op == "state":
                states[int(node.data)] = adjoint  # type: ignore[arg-type]
            elif node.op == "ring":
                out[int(node.data)] = adjoint  # type: ignore[arg-type]
            elif node.op == "series" and isinstance(node.data, tuple):
                self.lanes.store(adjoint, self.given["own_gradient"], self._own_place(row, node.data))
        rings.write(places, out)
        return states

    # --- reverse accumulation --------------------------------------------------------------------------

    def _give(self, k: int, amount: Any) -> None:
        """Add to the adjoint of a node; what rests on no varied input has none."""
        level = self.leveled.levels[k]
        if level is Level.STEP:
            self.adjoint[k] = self.builder.fadd(self.adjoint[k], amount) if k in self.adjoint else amount
        elif level is Level.MEMBER:
            total = self.builder.load(self.sums[k], typ=self.lanes.double)
            self.builder.store(self.builder.fadd(total, amount), self.sums[k])

    def _sweep(self, nodes: Sequence[int]) -> None:
        """Walk operations from the last to the first."""
        for k in reversed(nodes):
            adjoint = self.adjoint.get(k)
            node = self.program.nodes[k]
            if adjoint is None or not node.args:
                continue
            if node.op == "lookup":
                self._give(node.args[0], self._times(adjoint, self.piece.slopes[k]))
                continue
            args = [self.piece.value(arg) for arg in node.args]
            wanted = [self.leveled.levels[arg] in (Level.STEP, Level.MEMBER) for arg in node.args]
            partials = OPERATIONS[node.op].partials(self.lanes, self.piece.values[k], *args)
            for arg, partial, want in zip(node.args, partials, wanted, strict=False):
                if want and partial is not None:
                    self._give(arg, self._times(adjoint, partial))

    def _times(self, adjoint: Any, partial: Any) -> Any:
        """Return adjoint * partial; nothing times infinity (a branch that was not taken) is nothing."""
        if isinstance(partial, float):
            return adjoint if partial == 1.0 else self.builder.fmul(adjoint, self.lanes.lit(partial))
        zero = self.lanes.lit(0)
        if partial.type != zero.type:  # a truth value
            return self.builder.select(partial, adjoint, zero)
        product = self.builder.fmul(adjoint, partial)
        if isinstance(partial, ir.Constant) and math.isfinite(self.lanes.lane_of(partial)):
            return product
        return self.builder.select(self.lanes.fcmp_ordered("==", adjoint, zero), zero, product)

    # --- the start -------------------------------------------------------------------------------------

    def _start(self, states: Sequence[Any]) -> None:
        """Hand the adjoints of the first row's states and rings to their initial values, and those to the inputs."""
        for state, adjoint in zip(self.program.states, states, strict=True):
            if self.leveled.levels[state.initial] is Level.MEMBER:
                self._give(state.initial, adjoint)
        self._start_rings()
        members = self.piece.at_level(Level.MEMBER)
        for k in reversed(members):
            node = self.program.nodes[k]
            adjoint = self.builder.load(self.sums[k], typ=self.lanes.double)
            if node.op == "par":
                place = index(self.leveled.varied.index(int(node.data)))  # type: ignore[arg-type]
                self.lanes.store(adjoint, self.given["gradient"], place)
            elif node.op == "series start":
                self._add_to_first(int(node.data), adjoint)  # type: ignore[arg-type]
            else:
                self.adjoint = {k: adjoint}
                self._sweep([k])

    def _add_to_first(self, series: int, adjoint: Any) -> None:
        """Add to the gradient by an own series at the initial time."""
        place = index(self.leveled.own.index(series))
        before = self.lanes.load(self.given["own_gradient"], place)
        self.lanes.store(self.builder.fadd(before, adjoint), self.given["own_gradient"], place)

    def _start_rings(self) -> None:
        """Hand to each ring's initial value the sum of what is left in its places."""
        rings = Rings(self.leveled, self.lanes, self.given)
        for k, ring in enumerate(self.program.rings):
            if self.leveled.levels[ring.initial] is not Level.MEMBER:
                continue
            begin = rings.begins[k]

            def add(row: Any, begin: Any = begin, node: int = ring.initial) -> None:
                self._give(node, rings.read(self.builder.add(begin, row)))

            each(self.made, self.builder, rings.lengths[k], add)
