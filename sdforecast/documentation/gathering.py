"""All that the documentation tells, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sdforecast import model as model_files
from sdforecast import observation, parameters, scenario, shipped
from sdforecast.documentation.causes import Causes
from sdforecast.documentation.equations import Equation, Equations, read_equations
from sdforecast.documentation.loops import Loop
from sdforecast.documentation.loops import load as load_loops
from sdforecast.engine import Job, run_jobs
from sdforecast.errors import InputError, Problem
from sdforecast.inference import estimate as estimates
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import VENSIM
from sdforecast.observation import Target
from sdforecast.parameters import Parameter
from sdforecast.scenario import Instrument

LOOPS = "loops.yaml"
"""The file of loops beside the model."""


@dataclass(frozen=True)
class Subject:
    """The model with all its tables.

    Attributes
    ----------
    constants : value in the model file, by name.
    starts : value of each stock at the initial time, from a run.
    instruments : by the name of their variable.
    """

    model: ModelFile
    equations: Equations
    parameters: Mapping[str, Parameter]
    targets: list[Target]
    instruments: Mapping[str, Instrument]
    loops: list[Loop]
    estimate: estimates.Estimate
    starts: Mapping[str, float]

    @cached_property
    def constants(self) -> dict[str, float]:
        """Value of each constant in the model file."""
        rows = self.model.variables[self.model.variables["kind"] == "constant"]
        return {str(name): float(value) for name, value in zip(rows["name"], rows["value"], strict=True)}

    @cached_property
    def causes(self) -> Causes:
        """What uses what."""
        return Causes(self.equations, frozenset(self.constants))

    @cached_property
    def inputs(self) -> list[Equation]:
        """Tables over time that are no instrument."""
        every = self.equations.by_name.values()
        return [each for each in every if each.is_over_time and each.name not in self.instruments]

    def kind(self, name: str) -> str:
        """Return what a variable is: stock, flow, constant, table over time, table or auxiliary."""
        equation = self.equations.by_name[name]
        if equation.is_stock:
            return "stock"
        if name in self.constants:
            return "constant"
        if equation.points:
            return "table over time" if equation.is_over_time else "table"
        return "flow" if name in self.causes.flows else "auxiliary"


def gather(models: Path | None = None, calibration: Path | None = None) -> Subject:
    """Read the model, its tables and the estimate, by default the shipped ones. Raises `InputError`.

    Parameters
    ----------
    models : folder with `fentanyl.mdl` and `loops.yaml`.
    calibration : folder with the tables of parameters and targets, the history and the estimate.
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
    return Subject(
        model=file,
        equations=equations,
        parameters={each.name: each for each in parameters.load(calibration / "parameters.toml")},
        targets=observation.load(calibration / "targets.toml"),
        instruments=instruments,
        loops=load_loops(models / LOOPS, list(equations.by_name)),
        estimate=estimates.load(calibration / "estimate"),
        starts=_starts(file, [each.name for each in equations.by_name.values() if each.is_stock]),
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


def _starts(file: ModelFile, stocks: list[str]) -> dict[str, float]:
    if not stocks:
        return {}
    with run_jobs(file, stocks, until=file.control["INITIAL TIME"] + file.control["SAVEPER"]) as run:
        first = run([Job({})], lambda: None)[0][0]
    return dict(zip(stocks, map(float, first), strict=True))


def _spelled(instrument: str) -> str:
    return instrument.replace("_", " ").casefold()
