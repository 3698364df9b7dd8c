"""A tour: the program of a model after each pass, as text, to learn from and to look for faults in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

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


def _short(tree: Any) -> str:
    """Return a tree of PySD's as a formula, in one line."""
    text = _formula(tree)
    return text if len(text) <= 160 else text[:159] + "…"


def _formula(tree: Any) -> str:
    kind = type(tree).__name__
    if kind in ("ArithmeticStructure", "LogicStructure"):
        return _operation(list(tree.operators), [_formula(argument) for argument in tree.arguments])
    if kind == "ReferenceStructure":
        subscripts = tree.subscripts.subscripts if tree.subscripts is not None else ()
        return str(tree.reference) + (f"[{', '.join(subscripts)}]" if subscripts else "")
    if kind == "CallStructure":
        return f"{_formula(tree.function)}({', '.join(_formula(argument) for argument in tree.arguments)})"
    if kind == "LookupsStructure":
        return " ".join(f"({x:g}, {y:g})" for x, y in zip(tree.x, tree.y, strict=True))
    if isinstance(tree, int | float):
        return f"{tree:g}"
    parts = [_formula(part) for part in vars(tree).values() if part is not None and not isinstance(part, str | bool)]
    return f"{kind.removesuffix('Structure').lower()}({', '.join(parts)})"


def _operation(operators: list[str], arguments: list[str]) -> str:
    if operators in (["negative"], [":NOT:"]):
        return f"{'-' if operators == ['negative'] else ':NOT: '}{arguments[0]}"
    text = arguments[0]
    for operator, argument in zip(operators, arguments[1:], strict=True):
        text += f" {operator} {argument}"
    return f"({text})"
