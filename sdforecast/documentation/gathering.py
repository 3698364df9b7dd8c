"""All that the documentation tells, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from sdforecast import inference, observation, parameters, scenario, shipped
from sdforecast import model as model_files
from sdforecast.diagrams import named_loops
from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.documentation.equations import Equation, Equations, read_equations
from sdforecast.engine import Job, run_jobs
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import VENSIM
from sdforecast.observation import Target
from sdforecast.parameters import Parameter
from sdforecast.scenario import Instrument
from sdforecast.scenario.events import events
from sdforecast.structure import CausalGraph, causal_graph


@dataclass(frozen=True)
class Subject:
    """The model with all its tables.

    Attributes
    ----------
    equations : as the modeller wrote them.
    graph : what uses what.
    starts : value of each stock at the initial time, from a run.
    instruments : by the name of their variable.
    posterior : of the constants; only what a forecast needs of it is read.
    alternatives : what calibration/alternatives.py found, one row an alternative, the first without any.
    knots : of the tables over time, each with `input` (the variable), `time`, `value`, `reason`, `source`, `grade`.
    """

    model: ModelFile
    equations: Equations
    graph: CausalGraph
    parameters: Mapping[str, Parameter]
    targets: list[Target]
    instruments: Mapping[str, Instrument]
    loops: list[NamedLoop]
    knots: pd.DataFrame
    posterior: inference.Posterior
    alternatives: pd.DataFrame
    starts: Mapping[str, float]

    @cached_property
    def constants(self) -> dict[str, float]:
        """Value of each constant in the model file."""
        rows = self.model.variables[self.model.variables["kind"] == "constant"]
        return {str(name): float(value) for name, value in zip(rows["name"], rows["value"], strict=True)}

    @cached_property
    def uses(self) -> dict[str, tuple[str, ...]]:
        """By name, the variables in its equation."""
        return {name: (*each.inputs, *each.initial) for name, each in self.graph.variables.items()}

    @cached_property
    def used_by(self) -> Mapping[str, tuple[str, ...]]:
        """By name, the variables whose equations have it."""
        return self.graph.uses()

    @cached_property
    def inputs(self) -> list[Equation]:
        """What follows the time alone and is no instrument."""
        return [
            self.equations.by_name[each.name]
            for each in self.graph.of_kind("input")
            if each.name not in self.instruments
        ]

    def kind(self, name: str) -> str:
        """Return what a variable is, see `sdforecast.structure.graph.KINDS`; an instrument is one of its own."""
        return "instrument" if name in self.instruments else self.graph.variables[name].kind


def gather(models: Path | None = None, calibration: Path | None = None) -> Subject:
    """Read the model, its tables and the posterior, by default the shipped ones. Raises `InputError`.

    Parameters
    ----------
    models : folder with `fentanyl.mdl` and `loops.yaml`.
    calibration : folder with the tables of parameters and targets, the history and the posterior.
    """
    models, calibration = models or shipped.models_dir(), calibration or shipped.calibration_dir()
    file = model_files.read(models / shipped.model_file().name)
    equations = _equations(file)
    known = {name.casefold(): name for name in equations.by_name}
    scale = scenario.instruments(calibration / "data" / "instrument_scale.csv")
    instruments = {known[_spelled(each.id)]: each for each in scale.values() if _spelled(each.id) in known}
    lost = [each.id for each in scale.values() if _spelled(each.id) not in known]
    if lost:
        raise InputError(*(Problem(f"the model has no instrument '{name}'", file=str(file.path)) for name in lost))
    graph = causal_graph(file)
    return Subject(
        model=file,
        equations=equations,
        graph=graph,
        parameters={each.name: each for each in parameters.load(calibration / "parameters.toml")},
        targets=observation.load(calibration / "targets.toml"),
        instruments=instruments,
        loops=_loops(file, graph),
        knots=_knots(calibration / "data", known),
        posterior=inference.load(calibration / "posterior", whole=False),
        alternatives=_alternatives(calibration / "alternatives.csv"),
        starts=_starts(file),
    )


def _equations(file: ModelFile) -> Equations:
    if file.path.suffix.lower() not in VENSIM:
        raise InputError(Problem("is no Vensim file: only those can be documented", file=str(file.path)))
    found = read_equations(file.path.read_text(encoding="utf-8-sig"))
    unread = [name for name in file.names if name not in found.by_name]
    if unread:
        what = f"the equation of '{unread[0]}' was not found in the text of the file"
        raise InputError(Problem(what, file=str(file.path), hint="subscripts and macros cannot be documented yet"))
    return found


def _loops(file: ModelFile, graph: CausalGraph) -> list[NamedLoop]:
    beside = named_loops.beside(file.path)
    loops = named_loops.load(beside)
    named_loops.check(loops, graph, beside)
    return loops


def _knots(history: Path, known: Mapping[str, str]) -> pd.DataFrame:
    """Return the knots of inputs and of instruments as one table; those of what the model lacks are left out."""
    levels = scenario.instrument_history(history / "instruments.csv").rename(
        columns={"instrument": "input", "level": "value"}
    )
    every = pd.concat([events(history / "events.csv"), levels], ignore_index=True)
    every["input"] = [known.get(_spelled(name), "") for name in every["input"]]
    return every[every["input"] != ""]


def _alternatives(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, keep_default_na=False)
    except (OSError, ValueError) as error:
        hint = "make it: python calibration/alternatives.py"
        raise InputError(Problem(f"is not a readable table: {error}", file=str(file), hint=hint)) from error
    missing = [name for name in ("question", "answer", "log density") if name not in table]
    if missing or table.empty:
        what = f"no column '{missing[0]}'" if missing else "no rows"
        raise InputError(Problem(what, file=str(file), hint="make it: python calibration/alternatives.py"))
    return table


def _starts(file: ModelFile) -> dict[str, float]:
    stocks = [str(name) for name in file.variables.loc[file.variables["kind"] == "stock", "name"]]
    if not stocks:
        return {}
    with run_jobs(file, stocks, until=file.control["INITIAL TIME"] + file.control["SAVEPER"]) as run:
        first = run([Job({})], lambda: None)[0][0]
    return dict(zip(stocks, map(float, first), strict=True))


def _spelled(instrument: str) -> str:
    return instrument.replace("_", " ").casefold()
