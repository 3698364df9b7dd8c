"""Object code: made by LLVM once, kept in our cache folder, loaded in a few milliseconds.

A file is named by everything that its code depends on: the program, the widths, the text of the emitter, LLVM's
version, the processor and its features. It begins with a hash of the rest, because loading a damaged object could
crash; one whose hash does not fit is made again. It is written beside its place and moved there in one step, so that
processes may race.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sdforecast import shipped
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.sources import source_hash
from sdforecast.errors import MachineError, Problem
from sdforecast.writing import write_bytes

LONGEST_RING = 10_000_000
"""Places of a DELAY FIXED beyond which something must be wrong."""

LARGE = 5_000
"""Nodes from which LLVM's optimiser takes longer than what it saves."""

HUGE = {False: 20_000, True: 2_500}
"""Nodes from which its choice of registers does too, without and with a gradient: its time grows with the square. The
code is then half as fast, and there in a seventh of the time."""


@dataclass(frozen=True)
class Loaded:
    """Object code in memory.

    Attributes
    ----------
    engine : LLVM's, which owns the memory.
    gradient : whether `forward` and `backward` are in it.
    tape_size : numbers a row on their tape.
    """

    engine: Any
    gradient: bool
    tape_size: int

    def address(self, name: str) -> int:
        """Return where a function begins."""
        return int(self.engine.get_function_address(name))


def load(leveled: Leveled, widths: tuple[int, ...], *, gradient: bool) -> Loaded:
    """Return the object code of a program, from the cache if it is there. Raises `MachineError` without llvmlite."""
    llvm = _llvm()
    place = _place(leveled, widths, gradient=gradient)
    code = _kept(place)
    if code is None:
        from sdforecast.engine.compiled.emit import emit

        code = _made(emit(leveled, widths=widths, gradient=gradient), *_care(leveled, gradient=gradient))
        _keep(place, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Loaded(engine, gradient, _tape_size(leveled) if gradient else 0)


def _tape_size(leveled: Leveled) -> int:
    from sdforecast.engine.compiled.emit.forward import tape_size

    return tape_size(leveled)


def _llvm() -> Any:
    try:
        import llvmlite.binding as llvm
    except (ImportError, OSError) as error:
        raise MachineError(Problem("the compiled engine needs llvmlite", hint="pip install llvmlite")) from error
    return llvm


@lru_cache(maxsize=1)
def _initialized() -> None:
    llvm = _llvm()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    if sys.platform == "win32":  # what functions with more than a page of local memory call; no library exports it
        probe = getattr(ctypes.CDLL("ntdll"), "__chkstk")
        llvm.add_symbol("__chkstk", ctypes.cast(probe, ctypes.c_void_p).value)


def _machine(codegen: int = 2) -> Any:
    """Return LLVM's description of this processor: a new one each time, because an engine owns and frees its own."""
    llvm = _llvm()
    _initialized()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=codegen, reloc="default", codemodel="jitdefault",
        jit=True,
    )  # fmt: skip


def _features() -> str:
    return ",".join(f"{'+' if there else '-'}{name}" for name, there in sorted(_feature_map().items()))


def _feature_map() -> dict[str, bool]:
    try:
        return dict(_llvm().get_host_cpu_features())
    except RuntimeError:  # unknown to LLVM on this system; the processor's name says enough
        return {}


def widths() -> tuple[int, ...]:
    """Return 1 and how many members the processor's vectors hold in a few registers."""
    features = _feature_map()
    if features.get("avx512f"):
        return (1, 8)
    return (1, 4) if features.get("avx2") or features.get("neon") else (1, 2)


def gradient_widths() -> tuple[int, ...]:
    """Return the same for gradients, of which a few are asked for at a time: what is not filled costs as much."""
    return (1, 4, 8) if max(widths()) == 8 else widths()


def _care(leveled: Leveled, *, gradient: bool) -> tuple[int, int]:
    """Return how much LLVM is to do: levels of its optimiser and of its code generator."""
    size = len(leveled.program.nodes)
    return int(size < LARGE and size < HUGE[gradient]), 0 if size >= HUGE[gradient] else 2


def _made(text: str, optimiser: int, codegen: int) -> bytes:
    """Return the object code of a module."""
    llvm, machine = _llvm(), _machine(codegen)
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=optimiser)
    options.loop_vectorization = False
    options.slp_vectorization = True  # operations of one member side by side: the same bits, a fifth faster
    options.loop_unrolling = options.loop_interleaving = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


# --- the cache -----------------------------------------------------------------------------------------


def _place(leveled: Leveled, widths: tuple[int, ...], *, gradient: bool) -> Path | None:
    """Return where the code is kept; None if there is nowhere."""
    import llvmlite

    llvm = _llvm()
    parts = (
        source_hash("emit", "operations", "objects"), llvmlite.__version__, llvm.llvm_version_info,
        llvm.get_process_triple(), llvm.get_host_cpu_name(), _features(), widths, gradient,
        _shape(leveled.program), leveled.levels, leveled.varied, leveled.own,
    )  # fmt: skip
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    folder = shipped.cache_room("kernels")
    return folder / f"{key}.o" if folder is not None else None


def _shape(program: Program) -> tuple[object, ...]:
    """Return what of a program its code depends on: no names, no values."""
    return (
        [(node.op, node.args, node.data) for node in program.nodes],
        [(state.initial, state.root) for state in program.states],
        [(ring.input, ring.delay, ring.initial) for ring in program.rings],
        [(table.x, table.y, table.kind) for table in program.tables],
        [output.node for output in program.outputs],
        len(program.series), program.method,
    )  # fmt: skip


def _kept(place: Path | None) -> bytes | None:
    if place is None:
        return None
    try:
        content = place.read_bytes()
    except OSError:
        return None
    code = content[32:]
    return code if code and hashlib.sha256(code).digest() == content[:32] else None


def _keep(place: Path | None, code: bytes) -> None:
    if place is None:
        return
    with contextlib.suppress(MachineError):
        write_bytes(place, hashlib.sha256(code).digest() + code)
