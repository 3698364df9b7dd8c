"""The kernel: machine code of a levelled program, and the running of it on arrays.

In goes a :class:`~.level.Leveled`; out comes a :class:`Kernel`, whose `run` does what :func:`~.interpret.interpret`
does, for blocks of W members, on several threads, and whose `forward` and `pull` give a gradient, `forward_many` and
`pull_many` those of several members. The code is made once and kept on disk (:mod:`.objects`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdforecast.engine.compiled import objects
from sdforecast.engine.compiled.blocks import in_blocks
from sdforecast.engine.compiled.emit.pieces import TILE
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import ring_length
from sdforecast.engine.compiled.level import Leveled
from sdforecast.errors import InputError, Problem

AT_ONCE = 100_000_000
"""Operations that a thread does between two looks at whether it should stop: some hundredths of a second."""

_P = ctypes.c_void_p


def compile_kernel(leveled: Leveled, *, gradient: bool = False, widths: Sequence[int] | None = None) -> Kernel:
    """Return the machine code of a program.

    Parameters
    ----------
    gradient : whether `forward` and `pull` are there.
    widths : how many members are run at a time; by default 1 and what the processor's vectors hold.

    Raises
    ------
    MachineError : llvmlite is not installed.
    """
    chosen = tuple(dict.fromkeys(widths or objects.widths()))
    return Kernel(leveled, objects.load(leveled, chosen, gradient=gradient), chosen)


@dataclass(frozen=True)
class Forward:
    """A run that can be pulled back, of one member or of several.

    Attributes
    ----------
    values : what was saved [saved rows, outputs], of several members [members, saved rows, outputs].
    tape : what the way back needs of each row [blocks, rows, tape size, W].
    """

    values: np.ndarray
    tape: np.ndarray
    inputs: Inputs
    shared: _Shared


@dataclass(frozen=True)
class _Shared:
    """What all members share: SHARED nodes, TIME nodes [rows / 8, columns, 8], lengths of the rings."""

    slots: np.ndarray
    table: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class _Batch:
    """A run of all members: what goes in and where the result goes."""

    inputs: Inputs
    shared: _Shared
    saved: np.ndarray
    out: np.ndarray


class Kernel:
    """Machine code of a program; made by :func:`compile_kernel`."""

    def __init__(self, leveled: Leveled, loaded: objects.Loaded, widths: Sequence[int]) -> None:
        self.leveled, self.widths, self._loaded = leveled, tuple(widths), loaded
        function = ctypes.CFUNCTYPE  # a call releases Python's lock: threads run at the same time
        self._tabulate = function(None, ctypes.c_int64, *[_P] * 5)(loaded.address("tabulate"))
        run = function(None, ctypes.c_int64, *[_P] * 9)
        self._run = {width: run(loaded.address(f"run_{width}")) for width in widths}
        if loaded.gradient:
            forward, backward = (function(None, ctypes.c_int64, *[_P] * count) for count in (10, 12))
            self._forward = {width: forward(loaded.address(f"forward_{width}")) for width in widths}
            self._backward = {width: backward(loaded.address(f"backward_{width}")) for width in widths}

    def run(
        self,
        inputs: Inputs,
        *,
        threads: int = 1,
        out: np.ndarray | None = None,
        advance: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Run all members; returns what is saved [members, saved rows, outputs].

        Parameters
        ----------
        threads : how many blocks of members are run at the same time.
        out : where to write the result; of any layout, so that it may lie on disk.
        advance : called with the number of members that have ended.
        """
        shape = (inputs.members, int(inputs.saved.sum()), len(self.leveled.program.outputs))
        if out is None:
            out = np.empty(shape)
        elif out.shape != shape:
            raise ValueError(f"out has shape {out.shape}, not {shape}")
        if not inputs.members:
            return out
        width = 1 if inputs.members == 1 and 1 in self.widths else max(self.widths)
        full = inputs.members // width * width  # the rest do not fill a block
        effort = max(len(self.leveled.program.nodes), 1) * len(inputs.clock)
        chunk = width * max(1, min(full // width // (4 * threads), AT_ONCE // (effort * width)))
        begins = [*range(0, full, chunk), *([full] if full < inputs.members else [])]
        batch = _Batch(inputs, self._share(inputs), inputs.saved.astype(np.int8), out)

        def work(begin: int) -> int:
            end = min(begin + chunk, full) if begin < full else inputs.members
            self._blocks(batch, begin, end, width)
            return end - begin

        in_blocks(work, begins, threads=threads, effort=effort * inputs.members, advance=advance)
        return out

    def _blocks(self, batch: _Batch, begin: int, end: int, width: int) -> None:
        """Run blocks of members from `begin` up to `end`; in a block that is not full the last member is repeated."""
        count = -(-(end - begin) // width)
        members = np.minimum(np.arange(begin, begin + count * width), end - 1)
        inputs, shared, out = batch.inputs, batch.shared, batch.out[begin:end]
        direct = len(out) == len(members) and out[0].flags.c_contiguous and out.dtype == float
        target = out if direct else np.empty((len(members), *out.shape[1:]))
        varied, own = _lanes_last(inputs.varied[members], width), _lanes_last(inputs.own[members], width)
        ring = np.empty((int(shared.lengths.sum()), width))
        distances = np.array([count, own[0].size, target.strides[0] // target.itemsize], dtype=np.int64)
        self._run[width](
            len(inputs.clock), _at(varied), _at(shared.slots), _at(shared.table), _at(own), _at(batch.saved),
            _at(shared.lengths), _at(ring), _at(target), _at(distances),
        )  # fmt: skip
        if not direct:
            out[...] = target[: len(out)]

    def _share(self, inputs: Inputs) -> _Shared:
        """Compute what all members share."""
        slots = np.empty(len(self.leveled.slots))
        table = np.empty((-(-len(inputs.clock) // TILE), len(self.leveled.columns), TILE))
        arrays = [
            np.ascontiguousarray(array, dtype=float) for array in (inputs.parameters, inputs.clock, inputs.series)
        ]
        self._tabulate(len(inputs.clock), *(_at(array) for array in arrays), _at(slots), _at(table))
        return _Shared(slots, table, self._lengths(slots))

    def _lengths(self, slots: np.ndarray) -> np.ndarray:
        """Return how many places each ring has."""
        program, place = self.leveled.program, {k: slot for slot, k in enumerate(self.leveled.slots)}
        lengths = []
        for ring in program.rings:
            data = program.nodes[ring.delay].data
            delay = float(slots[place[ring.delay]]) if ring.delay in place else float(data)  # type: ignore[arg-type]
            if not np.isfinite(delay) or delay / program.step > objects.LONGEST_RING:
                raise InputError(Problem(f"the delay time of '{ring.name}' is {delay:g}"))
            lengths.append(ring_length(delay, program.step))
        return np.array(lengths, dtype=np.int64)

    # --- the gradient ----------------------------------------------------------------------------------

    def forward(self, inputs: Inputs) -> Forward:
        """Run one member and keep what its gradient needs."""
        if inputs.members != 1:
            raise ValueError("a gradient is of one member")
        ran = self.forward_many(inputs)
        return replace(ran, values=ran.values[0])

    def pull(self, forward: Forward, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how much each input counts, given how much each saved number does [saved rows, outputs].

        Returns
        -------
        By varied parameters [varied], and by own series [rows, moments, own series].
        """
        gradient, own_gradient = self.pull_many(forward, cotangent[None])
        return gradient[0], own_gradient[0]

    def forward_many(self, inputs: Inputs) -> Forward:
        """Run all members and keep what their gradients need; a member's bits do not depend on who runs beside it."""
        width = min((width for width in self.widths if width >= inputs.members), default=max(self.widths))
        members, varied, own = _blocks_of(inputs, width)
        shared, saved = self._share(inputs), inputs.saved.astype(np.int8)
        values = np.empty((len(members), int(saved.sum()), len(self.leveled.program.outputs)))
        tape = np.empty((len(varied), len(inputs.clock), self._loaded.tape_size, width))
        ring = np.empty((int(shared.lengths.sum()), width))
        distances = np.array([1, 0, values[0].size], dtype=np.int64)
        for k in range(len(varied)):
            self._forward[width](
                len(inputs.clock), _at(varied[k]), _at(shared.slots), _at(shared.table), _at(own[k]), _at(saved),
                _at(shared.lengths), _at(ring), _at(values[k * width]), _at(distances), _at(tape[k]),
            )  # fmt: skip
        return Forward(values[: inputs.members], tape, inputs, shared)

    def pull_many(self, forward: Forward, cotangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what :meth:`pull` does for each member, given cotangents [members, saved rows, outputs].

        Returns
        -------
        By varied parameters [members, varied], and by own series [members, rows, moments, own series].
        """
        inputs, shared, width = forward.inputs, forward.shared, forward.tape.shape[-1]
        members, varied, own = _blocks_of(inputs, width)
        rows = np.zeros((len(varied), cotangents.shape[1] + 1, cotangents.shape[2], width))
        rows[:, :-1] = _lanes_last(cotangents[members], width)  # the last is for rows that are not saved
        saved = inputs.saved.astype(np.int8)
        gradient, own_gradient = np.zeros(varied.shape), np.zeros(own.shape)
        count = np.array([cotangents.shape[1]], dtype=np.int64)
        for k in range(len(varied)):
            ring = np.zeros((int(shared.lengths.sum()), width))
            self._backward[width](
                len(inputs.clock), _at(varied[k]), _at(shared.slots), _at(shared.table), _at(own[k]), _at(saved),
                _at(shared.lengths), _at(ring), _at(rows[k]), _at(forward.tape[k]), _at(gradient[k]),
                _at(own_gradient[k]), _at(count),
            )  # fmt: skip
        return _members_first(gradient)[: inputs.members], _members_first(own_gradient)[: inputs.members]


def _blocks_of(inputs: Inputs, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which members stand in full blocks, the last repeated, and their numbers with the lanes last."""
    members = np.minimum(np.arange(-(-inputs.members // width) * width), inputs.members - 1)
    return members, _lanes_last(inputs.varied[members], width), _lanes_last(inputs.own[members], width)


def _lanes_last(values: np.ndarray, width: int) -> np.ndarray:
    """Return values [members, ...] as blocks with the lanes last [blocks, ..., width]."""
    blocks = values.reshape(len(values) // width, width, *values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(blocks, 1, -1))


def _members_first(blocks: np.ndarray) -> np.ndarray:
    """Return values [blocks, ..., width] as [members, ...]."""
    moved = np.ascontiguousarray(np.moveaxis(blocks, -1, 1))
    return moved.reshape(blocks.shape[0] * blocks.shape[-1], *blocks.shape[1:-1])


def _at(array: np.ndarray) -> int:
    """Return where an array begins in memory."""
    return int(array.__array_interface__["data"][0])  # a third of the time of `array.ctypes.data`
