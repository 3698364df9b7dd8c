"""A scenario with everything that it inherits."""

from __future__ import annotations

from pathlib import Path

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.finding import locate, parent_file, parent_names
from sdforecast.scenario.reading import read
from sdforecast.scenario.schema import Scenario


def load(name_or_path: str | Path) -> Scenario:
    """Return a shipped scenario by its name, or the user's by its path, with everything that it inherits.

    Raises `InputError` with every problem of the file (or of the parent in which they are).
    """
    written = read(locate(name_or_path))
    return _resolved(written.scenario, written.path.parent, written.path)


def resolve(scenario: Scenario, folder: Path | None = None) -> Scenario:
    """Return `scenario` with everything that it inherits, and `extends` empty.

    Parents are looked for in `folder`, then among the shipped scenarios. The changes of an instrument that the
    scenario names itself take the place of all the parent's changes of that instrument; the other changes are
    the parent's. Parameters and assumptions are the parent's where the scenario does not set them. Raises
    `InputError` for an unknown parent and for a scenario that extends itself.
    """
    return _resolved(scenario, folder, None)


def _resolved(scenario: Scenario, folder: Path | None, file: Path | None) -> Scenario:
    chain = [scenario.name]
    files = {file.resolve()} if file is not None else set()
    whole = scenario
    while whole.extends is not None:
        path = parent_file(whole.extends, folder)
        if path is None:
            what = f"unknown scenario '{whole.extends}'"
            raise InputError(Problem(what, hint=nearest(whole.extends, parent_names(folder))))
        chain.append(whole.extends)
        if path.resolve() in files:
            raise InputError(_cycle(chain, file))
        files.add(path.resolve())
        whole = _inherit(whole, read(path).scenario)
        folder = path.parent
    return whole


def _inherit(child: Scenario, parent: Scenario) -> Scenario:
    own = {change.instrument for change in child.instruments}
    kept = tuple(change for change in parent.instruments if change.instrument not in own)
    return child.model_copy(
        update={
            "extends": parent.extends,
            "instruments": kept + child.instruments,
            "parameters": {**parent.parameters, **child.parameters},
            "assumptions": {**parent.assumptions, **child.assumptions},
            "counterfactual": child.counterfactual or parent.counterfactual,
        }
    )


def _cycle(chain: list[str], file: Path | None) -> Problem:
    what = f"extends itself: {' → '.join(chain)}"
    if file is None:
        return Problem(what)
    return read(file).tree.problem(("extends",), what)
