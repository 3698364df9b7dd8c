"""The code that runs: W members at a time, row after row.

    void run_W(rows, varied, shared, table, own, saved, lengths, ring, out, shape)

It does some blocks of W members, one after the other. In each, members are lanes: varied [blocks, varied, W], own
[blocks, rows, moments, own, W], ring [places of all rings, W]. `out` is [members, saved rows, outputs]: each lane
writes where its member stands. `shape` holds the number of blocks and the distances, in numbers, from one block's own
series to the next's and from one member's output to the next's. States are values that go round the loop and never
touch memory unless the processor runs out of registers.

    void forward_W(rows, varied, shared, table, own, saved, lengths, ring, out, shape, tape)

is the same for one block, and keeps on `tape` [rows, tape size, W] what :mod:`.backward` needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit import abreast, branches
from sdforecast.engine.compiled.emit.lanes import F64, I8, I64, Lanes, index
from sdforecast.engine.compiled.emit.loops import MOMENTS, each, function
from sdforecast.engine.compiled.emit.mathematics import MathLanes
from sdforecast.engine.compiled.emit.pieces import Piece
from sdforecast.engine.compiled.level import Level, Leveled

TAPED = frozenset(
    ("div", "sqrt", "exp", "log", "pow", "mod", "lookup", "sin", "cos", "tan", "arcsin", "arccos", "arctan")
) | {"sinh", "cosh", "tanh"}
"""Operations whose results the gradient takes from the tape because doing them again costs more."""

BLOCK = ("rows", "varied", "shared", "table", "own", "saved", "lengths", "ring", "out", "shape")
TAPE = ("tape",)


def run(module: ir.Module, leveled: Leveled, width: int, *, tape: bool = False) -> None:
    """Write the function that runs W members; with `tape` it keeps for each row what the gradient needs."""
    name = f"forward_{width}" if tape else f"block_{width}"
    made, given = function(module, name, BLOCK + TAPE * tape)
    _Run(leveled, MathLanes(ir.IRBuilder(made.append_basic_block("prologue")), width), made, given, tape=tape).write()
    if not tape:
        made.linkage = "internal"
        _blocks(module, leveled, width, made)


def _blocks(module: ir.Module, leveled: Leveled, width: int, block: Any) -> None:
    """Write the loop over blocks."""
    made, given = function(module, f"run_{width}", BLOCK)
    builder = ir.IRBuilder(made.append_basic_block("begin"))
    count, own, out = (_shape(builder, given, k) for k in range(3))
    distances = {"varied": index(len(leveled.varied) * width), "own": own, "out": builder.mul(out, index(width))}

    def one(k: Any) -> None:
        moved = {
            word: builder.gep(given[word], [builder.mul(k, distance)], source_etype=F64)
            for word, distance in distances.items()
        }
        builder.call(block, list({**given, **moved}.values()))

    each(made, builder, count, one)
    builder.ret_void()


def _shape(builder: ir.IRBuilder, given: dict[str, Any], k: int) -> Any:
    return builder.load(builder.gep(given["shape"], [index(k)], source_etype=I64), typ=I64)


class _Run:
    def __init__(self, leveled: Leveled, lanes: Lanes, made: Any, given: dict[str, Any], *, tape: bool) -> None:
        self.leveled, self.program, self.lanes = leveled, leveled.program, lanes
        self.builder, self.made, self.given, self.tape = lanes.builder, made, given, tape
        self.piece = Piece(leveled, lanes)

    def write(self) -> None:
        """Write prologue and loop."""
        builder, program = self.builder, self.program
        prologue(self.piece, self.given)
        self._fill_rings()
        self.outs = self._outs()
        starts = [self.piece.value(state.initial) for state in program.states]
        before, loop, after = builder.block, self._block("row"), self._block("end")
        builder.cbranch(builder.icmp_signed("<", index(0), self.given["rows"]), loop, after)
        builder.position_at_end(loop)
        row, saved_row = builder.phi(I64), builder.phi(I64)
        states = [builder.phi(self.lanes.double) for _ in starts]
        for phi, start in zip([row, saved_row, *states], [index(0), index(0), *starts], strict=True):
            phi.add_incoming(start, before)
        saved_after = self._row(row, saved_row, states)
        following = builder.add(row, index(1))
        nexts = [self.piece.value(state.root) for state in program.states]
        for phi, value in zip([row, saved_row, *states], [following, saved_after, *nexts], strict=True):
            phi.add_incoming(value, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, self.given["rows"]), loop, after)
        builder.position_at_end(after)
        builder.ret_void()

    def _outs(self) -> list[Any]:
        """Return where the output of each lane's member begins."""
        distance = _shape(self.builder, self.given, 2)
        begins = [self.builder.mul(distance, index(k)) for k in range(self.lanes.width)]
        return [self.builder.gep(self.given["out"], [begin], source_etype=F64) for begin in begins]

    def _block(self, name: str) -> Any:
        return self.made.append_basic_block(name)

    def _row(self, row: Any, saved_row: Any, states: Sequence[Any]) -> Any:
        """Write one row; returns the number of saved rows after it."""
        stepping = [k for k in self.piece.at_level(Level.STEP) if k not in self.leveled.late or self.tape]
        early = {arg for k in stepping for arg in self.program.nodes[k].args} | {s.root for s in self.program.states}
        early |= {ring.input for ring in self.program.rings}
        self.piece.load_columns(self.given["table"], row, early)
        rings = Rings(self.leveled, self.lanes, self.given)
        places = rings.places(row)
        step_leaves(self.piece, self.given, row, states, [rings.read(place) for place in places])
        if self.lanes.width > 1:
            self.piece.compute_all(stepping)
        elif self.tape:
            abreast.compute_all(self.piece, stepping)
        else:
            branches.compute_all(self.piece, self.made, stepping)
        if self.tape:
            self._keep(row, states)
        saved_after = self._save(row, saved_row)
        rings.write(places, [self.piece.value(ring.input) for ring in self.program.rings])
        return saved_after

    def _save(self, row: Any, saved_row: Any) -> Any:
        """Write what happens on a saved row."""
        builder = self.builder
        flag = builder.load(builder.gep(self.given["saved"], [row], source_etype=I8), typ=I8)
        here, save, after = builder.block, self._block("save"), self._block("next")
        builder.cbranch(builder.icmp_signed("!=", flag, ir.Constant(I8, 0)), save, after)
        builder.position_at_end(save)
        before = dict(self.piece.values)
        lacking = {k for k in self.leveled.columns if k not in before}
        self.piece.load_columns(self.given["table"], row, lacking)
        self.piece.compute_all(sorted(self.leveled.late))
        begin = builder.mul(saved_row, index(len(self.program.outputs)))
        for k, output in enumerate(self.program.outputs):
            self.lanes.store_apart(self.piece.value(output.node), self.outs, builder.add(begin, index(k)))
        self.piece.values = before  # what was made on a saved row is not there on others
        more = builder.add(saved_row, index(1))
        builder.branch(after)
        builder.position_at_end(after)
        count = builder.phi(I64)
        count.add_incoming(saved_row, here)
        count.add_incoming(more, save)
        return count

    def _fill_rings(self) -> None:
        """Fill each ring with its initial value."""
        rings = Rings(self.leveled, self.lanes, self.given)
        for k, ring in enumerate(self.program.rings):
            value, begin, length = self.piece.value(ring.initial), rings.begins[k], rings.lengths[k]
            each(
                self.made, self.builder, length,
                lambda row, v=value, b=begin: self.lanes.store(v, self.given["ring"], self.builder.add(b, row)),
            )  # fmt: skip

    def _keep(self, row: Any, states: Sequence[Any]) -> None:
        """Put on the tape the states and what is dear to compute."""
        begin = self.builder.mul(row, index(tape_size(self.leveled)))
        kept = [*states, *(self.piece.values[k] for k in taped(self.leveled))]
        kept += [self.piece.slopes[k] for k in taped(self.leveled) if self.program.nodes[k].op == "lookup"]
        kept += [self.piece.values[k] for k in _ring_leaves(self.leveled)]
        for k, value in enumerate(kept):
            self.lanes.store(value, self.given["tape"], self.builder.add(begin, index(k)))


def prologue(piece: Piece, given: dict[str, Any]) -> None:
    """Write what is computed once a member: MEMBER nodes."""
    leveled, lanes = piece.leveled, piece.lanes
    piece.load_slots(given["shared"])
    for k in piece.at_level(Level.MEMBER):
        node = leveled.program.nodes[k]
        if node.op == "par":
            piece.values[k] = lanes.load(given["varied"], index(leveled.varied.index(int(node.data))))  # type: ignore[arg-type]
        elif node.op == "series start":
            piece.values[k] = lanes.load(given["own"], index(leveled.own.index(int(node.data))))  # type: ignore[arg-type]
        else:
            piece.compute(k)


def step_leaves(piece: Piece, given: dict[str, Any], row: Any, states: Sequence[Any], rings: Sequence[Any]) -> None:
    """Take the leaves of a row: states, rings and the members' own series."""
    leveled, lanes, builder = piece.leveled, piece.lanes, piece.lanes.builder
    moments = MOMENTS[leveled.program.method]
    for k in piece.at_level(Level.STEP):
        node = leveled.program.nodes[k]
        if node.op == "state":
            piece.values[k] = states[int(node.data)]  # type: ignore[arg-type]
        elif node.op == "ring":
            piece.values[k] = rings[int(node.data)]  # type: ignore[arg-type]
        elif node.op == "series" and isinstance(node.data, tuple):
            moment = builder.add(builder.mul(row, index(moments)), index(node.data[1]))
            place = builder.mul(moment, index(len(leveled.own)))
            piece.values[k] = lanes.load(given["own"], builder.add(place, index(leveled.own.index(node.data[0]))))


class Rings:
    """The pipelines of DELAY FIXED, one after the other in one array [places, W], each `lengths[k]` places long."""

    def __init__(self, leveled: Leveled, lanes: Lanes, given: dict[str, Any]) -> None:
        self.lanes, self.given = lanes, given
        builder = lanes.builder
        self.lengths = [
            builder.load(builder.gep(given["lengths"], [index(k)], source_etype=I64), typ=I64)
            for k in range(len(leveled.program.rings))
        ]
        self.begins: list[Any] = []
        begin: Any = index(0)
        for length in self.lengths:
            self.begins.append(begin)
            begin = builder.add(begin, length)

    def places(self, row: Any) -> list[Any]:
        """Return where each ring is read, and then written, at a row."""
        builder = self.lanes.builder
        return [
            builder.add(begin, builder.srem(row, length))
            for begin, length in zip(self.begins, self.lengths, strict=True)
        ]

    def read(self, place: Any) -> Any:
        """Return what is in a place."""
        return self.lanes.load(self.given["ring"], place)

    def write(self, places: Sequence[Any], values: Sequence[Any]) -> None:
        """Put values into places."""
        for place, value in zip(places, values, strict=True):
            self.lanes.store(value, self.given["ring"], place)


def taped(leveled: Leveled) -> list[int]:
    """Return the STEP nodes whose values are on the tape."""
    return [k for k, node in enumerate(leveled.program.nodes) if leveled.levels[k] is Level.STEP and node.op in TAPED]


def _ring_leaves(leveled: Leveled) -> list[int]:
    return [k for k, node in enumerate(leveled.program.nodes) if node.op == "ring"]


def tape_size(leveled: Leveled) -> int:
    """Return how many numbers a row has on the tape."""
    lookups = sum(leveled.program.nodes[k].op == "lookup" for k in taped(leveled))
    return len(leveled.program.states) + len(taped(leveled)) + lookups + len(_ring_leaves(leveled))
