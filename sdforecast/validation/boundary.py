"""Structure: whether the model's boundary is the declared one, and its numbers lie within their stated ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sdforecast import parameters
from sdforecast.model import ModelFile
from sdforecast.structure import CausalGraph
from sdforecast.validation.reading import Written
from sdforecast.validation.results import Result, outcome

_SHOWN = 5


def tests(model: ModelFile, graph: CausalGraph, written: Written) -> Iterator[Result]:
    """Give the results of comparing the declared boundary, and the table of parameters, with the file."""
    declared = written.checks.boundary
    if declared is not None:
        names = {key: [model.name_of(word) for word in getattr(declared, key)] for key in ("endogenous", "exogenous")}
        from_stocks = resting_on_stocks(graph)
        yield _result(
            "endogenous", f"What is declared to be made by the model ({len(names['endogenous'])} variables) is",
            [name for name in names["endogenous"] if name not in from_stocks], "rest on no stock",
            "A variable that explains must itself be explained: it follows from the state of the model.",
        )  # fmt: skip
        yield _result(
            "exogenous", f"What is declared to come from outside ({len(names['exogenous'])} variables) does",
            [name for name in names["exogenous"] if name in from_stocks], "follow from the model's own state",
            "What is given must not answer to what happens in the model.",
        )  # fmt: skip
        inputs = [v.name for v in graph.of_kind("input", "data")]
        yield _result(
            "no-hidden-inputs", f"All that changes with time from outside ({len(inputs)} variables) is declared",
            [name for name in inputs if name not in names["exogenous"]], "are inputs that no list has",
            "An input that no one declares can carry the history that the model claims to explain.",
        )  # fmt: skip
        found = [f"{name} ({word})" for word in declared.excluded for name in model.names
                 if f" {word.casefold()} " in f" {name.casefold()} "]  # fmt: skip
        yield _result(
            "excluded", f"What is declared to be left out ({len(declared.excluded)} matters) is", found,
            "are there", "The reader is told what the model cannot speak about.",
        )  # fmt: skip
    if written.checks.parameters is not None:
        table = parameters.load(written.path.parent / written.checks.parameters)
        problems = parameters.disagreements(table, model)
        yield _result(
            "parameters-in-range", f"All {len(table)} constants of the table lie within their stated ranges",
            [problem.what for problem in problems], "differ",
            "Each number means something outside the model and has a range there, with its source.",
        )  # fmt: skip


def resting_on_stocks(graph: CausalGraph) -> set[str]:
    """Return all stocks and variables that follow from one, directly or through others."""
    users: dict[str, list[str]] = {}
    for cause, effect in graph.links:
        users.setdefault(cause, []).append(effect)
    found = {variable.name for variable in graph.variables.values() if variable.kind == "stock" or variable.memories}
    waiting = list(found)
    while waiting:
        for effect in users.get(waiting.pop(), ()):
            if effect not in found:
                found.add(effect)
                waiting.append(effect)
    return found


def _result(identity: str, statement: str, wrong: Sequence[str], words: str, why: str) -> Result:
    note = ""
    if wrong:
        note = f"{words}: {', '.join(wrong[:_SHOWN])}" + (f" and {len(wrong) - _SHOWN} more" if wrong[_SHOWN:] else "")
    return Result(
        identity, "structure", statement, outcome(not wrong), f"{len(wrong)} exceptions", "0", why, note,
        {"wrong": list(wrong)},
    )  # fmt: skip
