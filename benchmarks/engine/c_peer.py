"""C made from a program, compiled with gcc: scalar or in lanes, strict or with -ffast-math, with OpenMP's `simd`.

Strict means that no flag changes a value. For lanes gcc must also know that nobody looks at `errno` or at the
processor's exception flags, and that glibc has vector forms of `exp` and the like, which its header tells only under
-ffast-math: without these it does not vectorise.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from source import C, lines, name, shared_values

from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import Table

STRICT = ("-O3", "-march=native", "-fopenmp-simd", "-ffp-contract=off")
STRICT_LANES = (*STRICT, "-fno-math-errno", "-fno-trapping-math")
FUNCTIONS = ("exp", "log", "sin", "cos", "tanh")
FAST = ("-O3", "-march=native", "-fopenmp-simd", "-ffast-math")


class CPeer:
    """A compiled program."""

    def __init__(self, leveled: Leveled, lanes: int, flags: tuple[str, ...]) -> None:
        self.leveled, self.lanes = leveled, lanes
        self._folder = tempfile.TemporaryDirectory()
        source, library = Path(self._folder.name) / "run.c", Path(self._folder.name) / "run.so"
        source.write_text(_source(leveled, lanes), encoding="utf-8")
        libraries = ["-lmvec"] if lanes > 1 and "-ffast-math" not in flags else []
        subprocess.run(
            ["gcc", *flags, "-shared", "-fPIC", str(source), "-o", str(library), *libraries, "-lm"], check=True
        )
        self._run = ctypes.CDLL(str(library)).run
        self._run.restype = None
        self._run.argtypes = [ctypes.c_long, ctypes.c_long, *[ctypes.c_void_p] * 5]

    def prepared(self, inputs: Inputs) -> tuple[np.ndarray, ...]:
        """Return the arrays that a run needs."""
        slots, table = shared_values(self.leveled, inputs)
        varied = np.ascontiguousarray(inputs.varied.T)
        shape = (int(inputs.saved.sum()), len(self.leveled.program.outputs), inputs.members)
        return varied, slots, table, inputs.saved.astype(np.int8), np.empty(shape)

    def run(self, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
        """Run all members (a multiple of the lanes); returns [members, saved rows, outputs]."""
        varied, _, table, saved, out = arrays
        members = out.shape[-1]
        assert members % self.lanes == 0, varied.shape
        self._run(len(table), members, *(array.ctypes.data for array in (arrays[0], arrays[1], table, saved, out)))
        return np.moveaxis(out, -1, 0)


def _source(leveled: Leveled, lanes: int) -> str:
    program = leveled.program
    member = [k for k, at in enumerate(leveled.levels) if at is Level.MEMBER]
    step = [k for k, at in enumerate(leveled.levels) if at is Level.STEP]
    is_truth = {k for k, node in enumerate(program.nodes) if node.op in _TRUTHS}

    def kind(k: int) -> str:
        return "int" if k in is_truth else "double"

    def member_leaf(k: int) -> str:
        return f"varied[{leveled.varied.index(program.nodes[k].data)} * members + b + l]"

    def step_leaf(k: int) -> str:
        return f"s{program.nodes[k].data}[l]"

    states, outputs = range(len(program.states)), range(len(program.outputs))
    shared = [f"const double v{k} = shared[{n}];" for n, k in enumerate(leveled.slots)]
    rows = [f"const double v{k} = table[row * {len(leveled.columns)} + {n}];" for n, k in enumerate(leveled.columns)]
    begin = _declared(member, lines(leveled, C, Level.MEMBER, member_leaf, ";"), is_truth)
    held = [k for k in member if any(k in program.nodes[j].args for j in step) or k in _roots(leveled)]
    body = _declared(step, lines(leveled, C, Level.STEP, step_leaf, ";"), is_truth)
    return "\n".join([
        *(_HEAD if lanes > 1 else _HEAD[:1]), *(_table(k, t) for k, t in enumerate(program.tables)),
        "void run(long rows, long members, const double *restrict varied, const double *restrict shared,",
        "         const double *restrict table, const char *restrict saved, double *restrict out) {", *shared,
        f"for (long b = 0; b < members; b += {lanes}) {{",
        *(f"double s{k}[{lanes}];" for k in states), *(f"double o{k}[{lanes}];" for k in outputs),
        *(f"{kind(k)} m{k}[{lanes}];" for k in held),
        f"#pragma omp simd\nfor (int l = 0; l < {lanes}; l++) {{", *begin, *(f"m{k}[l] = v{k};" for k in held),
        *(f"s{k}[l] = {name(leveled, C, state.initial)};" for k, state in enumerate(program.states)), "}",
        "long place = 0;", "for (long row = 0; row < rows; row++) {", *rows,
        f"#pragma omp simd\nfor (int l = 0; l < {lanes}; l++) {{", *(f"const {kind(k)} v{k} = m{k}[l];" for k in held),
        *body, *(f"o{k}[l] = {name(leveled, C, output.node)};" for k, output in enumerate(program.outputs)),
        *(f"const double n{k} = {name(leveled, C, state.root)};" for k, state in enumerate(program.states)),
        *(f"s{k}[l] = n{k};" for k in states), "}",
        "if (saved[row]) {", f"for (int l = 0; l < {lanes}; l++) {{",
        *(f"out[(place * {len(outputs)} + {k}) * members + b + l] = o{k}[l];" for k in outputs), "}", "place++;", "}",
        "}", "}", "}",
    ])  # fmt: skip


def _declared(nodes: list[int], made: list[str], is_truth: set[int]) -> list[str]:
    return [f"const {'int' if k in is_truth else 'double'} {line}" for k, line in zip(nodes, made, strict=True)]


_HEAD = (
    "#include <math.h>",
    "#ifndef __FAST_MATH__",
    *(f"#pragma omp declare simd simdlen(8) notinbranch\ndouble {f}(double);" for f in FUNCTIONS),
    "#pragma omp declare simd simdlen(8) notinbranch\ndouble pow(double, double);",
    "#endif",
)
_TRUTHS = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")


def _roots(leveled: Leveled) -> set[int]:
    program = leveled.program
    return {state.root for state in program.states} | {output.node for output in program.outputs}


def _table(k: int, table: Table) -> str:
    """Return a table as a C function: a chain of segments, ends held."""
    x, y = table.x, table.y
    chain = f"{y[-1]!r}"
    for left in range(len(x) - 2, -1, -1):
        slope = (y[left + 1] - y[left]) / (x[left + 1] - x[left])
        chain = f"(x < {x[left + 1]!r} ? {slope!r} * (x - ({x[left]!r})) + ({y[left]!r}) : {chain})"
    return f"static inline double table{k}(double x) {{ return x < {x[0]!r} ? {y[0]!r} : {chain}; }}"
