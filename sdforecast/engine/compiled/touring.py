"""A tour: the program of a model after each pass, as text, to learn from and to look for faults in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sdforecast.engine.compiled.integrate import integrate
from sdforecast.engine.compiled.level import level
from sdforecast.engine.compiled.making import lowered
from sdforecast.engine.compiled.printing import printed
from sdforecast.engine.compiled.reading import abstract_model
from sdforecast.engine.compiled.specialise import specialise
from sdforecast.engine.compiled.unroll import Unrolled, unroll
from sdforecast.model import ModelFile


def tour(model: ModelFile, names: Sequence[str] | None = None) -> Iterator[tuple[str, str]]:
    """Give title and text of each stage, for the variables `names` (default: all).

    Raises `Unsupported` for what is not compiled.
    """
    unrolled = unroll(abstract_model(model), model.path.parent)
    yield "unrolled: one equation a cell", _cells(unrolled)
    program = lowered(model)
    yield "lowered: one list of operations", printed(program)
    wanted = set(program_names(names, model))
    special = specialise(program, outputs=[output.key for output in program.outputs if output.name in wanted])
    yield "specialised: what was asked for", printed(special)
    whole = integrate(special)
    yield "integrated: next values instead of rates", printed(whole)
    leveled = level(whole)
    yield "levelled: how often each is computed", printed(leveled)
    from sdforecast.engine.compiled.emit import emit  # with llvmlite

    yield "emitted: LLVM for one member", emit(leveled, widths=(1,))


def program_names(names: Sequence[str] | None, model: ModelFile) -> list[str]:
    """Return the chosen variables, or all."""
    return model.names if names is None else [model.name_of(name) for name in names]


def _cells(unrolled: Unrolled) -> str:
    lines = []
    for variable in unrolled.variables.values():
        for cell, equation in variable.cells.items():
            key = f"{variable.name}[{', '.join(cell)}]" if cell else variable.name
            over = ", ".join(
                f"{name} is {subscript}" for name, subscript in equation.bound.items() if name != subscript
            )
            lines.append(f"{key}: {_short(equation.expression)}" + (f"   ({over})" if over else ""))
    return "\n".join(lines) + "\n"


def _short(tree: object) -> str:
    """Return a tree of PySD's in one line."""
    text = " ".join(str(tree).split())
    return text if len(text) <= 160 else text[:159] + "…"
