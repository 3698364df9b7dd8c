"""The code that runs: `tabulate` once for all members, `run` for W members at a time.

    void tabulate(rows, parameters, clock, series, shared, table)
    void run_W(rows, varied, shared, table, own, saved, lengths, ring, out, tape)

Arrays are those of :class:`..inputs.Inputs`, for a block of W members with the lanes last: varied [varied, W], own
[rows, moments, own, W], ring [places of all rings, W], out [saved rows, outputs, W]. States are values that go round
the loop and never touch memory unless the processor runs out of registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.lanes import I8, I64, PTR, Lanes, index
from sdforecast.engine.compiled.emit.mathematics import MathLanes
from sdforecast.engine.compiled.emit.pieces import Piece, handed
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import Node

MOMENTS = {"euler": 1, "rk4": 3}
TAPED = frozenset(
    ("div", "sqrt", "exp", "log", "pow", "mod", "lookup", "sin", "cos", "tan", "arcsin", "arccos", "arctan")
) | {"sinh", "cosh", "tanh"}
"""Operations whose results the gradient takes from the tape because doing them again costs more."""


def function(module: ir.Module, name: str, arguments: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Return a function of an integer `rows` and pointers that do not overlap, and its arguments by name."""
    made = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64] + [PTR] * (len(arguments) - 1)), name)
    for argument, word in zip(made.args, arguments, strict=True):
        argument.name = word
        if word != "rows":
            argument.add_attribute("noalias")
    return made, dict(zip(arguments, made.args, strict=True))


def tabulate(module: ir.Module, leveled: Leveled) -> None:
    """Write the function that computes SHARED nodes, and TIME nodes for each row."""
    made, given = function(module, "tabulate", ("rows", "parameters", "clock", "series", "shared", "table"))
    builder = ir.IRBuilder(made.append_basic_block("shared"))
    lanes = MathLanes(builder, 1)
    piece = Piece(leveled, lanes)
    leaf = _SharedLeaves(leveled, lanes, given)
    for k in piece.at_level(Level.SHARED):
        leaf.value(piece, k, index(0))
    for slot, k in enumerate(leveled.slots):
        lanes.store(handed(lanes, piece.value(k), leveled.program.nodes[k]), given["shared"], index(slot))
    if leveled.columns:
        each_row(made, builder, given["rows"], lambda row: _columns(leveled, piece, leaf, given, row))
    builder.ret_void()


def _columns(leveled: Leveled, piece: Piece, leaf: _SharedLeaves, given: dict[str, Any], row: Any) -> None:
    lanes = piece.lanes
    for k in piece.at_level(Level.TIME):
        leaf.value(piece, k, row)
    begin = lanes.builder.mul(row, index(len(leveled.columns)))
    for column, k in enumerate(leveled.columns):
        value = handed(lanes, piece.value(k), leveled.program.nodes[k])
        lanes.store(value, given["table"], lanes.builder.add(begin, index(column)))


def each_row(made: Any, builder: ir.IRBuilder, rows: Any, body: Any) -> None:
    """Add a loop over the rows."""
    before, loop, after = builder.block, made.append_basic_block("row"), made.append_basic_block("end")
    builder.cbranch(builder.icmp_signed("<", index(0), rows), loop, after)
    builder.position_at_end(loop)
    row = builder.phi(I64)
    row.add_incoming(index(0), before)
    body(row)
    following = builder.add(row, index(1))
    row.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, rows), loop, after)
    builder.position_at_end(after)


class _SharedLeaves:
    """Leaves that all members share."""

    def __init__(self, leveled: Leveled, lanes: Lanes, given: dict[str, Any]) -> None:
        self.leveled, self.lanes, self.given = leveled, lanes, given
        shared = [k for k in range(len(leveled.program.series)) if k not in leveled.own]
        self.series = {series: k for k, series in enumerate(shared)}
        self.moments = MOMENTS[leveled.program.method]

    def value(self, piece: Piece, k: int, row: Any) -> None:
        """Make node `k` at a row."""
        node = self.leveled.program.nodes[k]
        place = self._place(node, row)
        if place is None:
            piece.compute(k)
        else:
            base = {"par": "parameters", "time": "clock"}.get(node.op, "series")
            piece.values[k] = self.lanes.load(self.given[base], place)

    def _place(self, node: Node, row: Any) -> Any:
        """Return where a leaf stands in its array; None for what is no leaf."""
        builder, data = self.lanes.builder, node.data
        if node.op == "par":
            return index(int(data))  # type: ignore[arg-type]
        if node.op == "time":
            return builder.add(builder.mul(row, index(self.moments)), index(int(data)))  # type: ignore[arg-type]
        if node.op == "series start":
            return index(self.series[int(data)])  # type: ignore[arg-type]
        if node.op == "series" and isinstance(data, tuple):
            moment = builder.add(builder.mul(row, index(self.moments)), index(data[1]))
            return builder.add(builder.mul(moment, index(len(self.series))), index(self.series[data[0]]))
        return None


RUN = ("rows", "varied", "shared", "table", "own", "saved", "lengths", "ring", "out", "tape")


def run(module: ir.Module, leveled: Leveled, width: int, *, tape: bool = False) -> None:
    """Write the function that runs W members; with `tape` it keeps for each row what the gradient needs."""
    name = "forward" if tape else f"run_{width}"
    made, given = function(module, name, RUN)
    _Run(leveled, MathLanes(ir.IRBuilder(made.append_basic_block("prologue")), width), made, given, tape=tape).write()


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
        self.piece.compute_all(stepping)
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
            self.lanes.store(self.piece.value(output.node), self.given["out"], builder.add(begin, index(k)))
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
            each_row(
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
