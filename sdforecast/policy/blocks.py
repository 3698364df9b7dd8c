"""Running draws under scenarios block by block, each block reduced to years before the next is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import history, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import remaining
from sdforecast.forecasting.applying import applied
from sdforecast.forecasting.disturbing import Disturbances
from sdforecast.forecasting.drawing import run_draws
from sdforecast.forecasting.remaining import Counted, counted
from sdforecast.model import ModelFile
from sdforecast.observation.remainders import Remainder
from sdforecast.policy import costs, kept, lives
from sdforecast.policy.kept import Kept
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants

BYTES = 60_000_000
"""Of the months of one block under one scenario."""

FEWER = 0.99
"""Deaths over the reference's from which on an effect counts as reached."""

_ACTUAL = "current-course"


@dataclass(frozen=True)
class Setting:
    """What is run and kept.

    Attributes
    ----------
    base : position of the reference.
    within, outside : constants of the model and beside it, one row a draw.
    last, begin : last month that is run, first that is kept (model time).
    held : constants that all runs share.
    factors : of each remainder, [draws, months]; empty until :func:`run` has estimated them.
    """

    model: ModelFile
    mixes: tuple[Scenario, ...]
    base: int
    wanted: tuple[Kept, ...]
    within: pd.DataFrame
    outside: pd.DataFrame
    beside: Disturbances
    last: int
    begin: int
    held: Mapping[str, float]
    engine: str = "auto"
    threads: int | None = None
    factors: tuple[np.ndarray, ...] = ()

    @property
    def variables(self) -> list[str]:
        """Variables of the model that the outcomes need, as it spells them."""
        names = dict.fromkeys(self.model.name_of(name) for each in self.wanted for name in each.of)
        return self.beside.needed(list(names))

    @property
    def remainders(self) -> list[Remainder]:
        """Those whose whole is wanted."""
        return [of for of in self.beside.remainders if of.whole in self.variables]

    def rows(self, rows: slice) -> Setting:
        """Return the setting with some of its draws."""
        latents = tuple(each.isel(draw=rows) for each in self.beside.latents)
        beside = Disturbances(
            latents, self.beside.discrepancies, tuple(by[rows] for by in self.beside.factors), self.beside.remainders,
            self.beside.seed,
        )  # fmt: skip
        changed = {"beside": beside, "within": self.within.iloc[rows], "outside": self.outside.iloc[rows]}
        return Setting(**{**vars(self), **changed, "factors": tuple(by[rows] for by in self.factors)})

    def ran(self, mix: Scenario, variables: Sequence[str]) -> xr.Dataset:
        """Return the months of all draws under a scenario, as the model alone gives them."""
        return run_draws(
            self.model, self.within, self.beside.latents, [mix], variables, last=self.last, fixed=self.held,
            engine=self.engine, threads=self.threads,
        )  # fmt: skip


def run(setting: Setting, client: Any, advance: Callable[[], None]) -> tuple[xr.Dataset, xr.DataArray]:
    """Return outcomes over (draw, scenario, year) and months of onset (draw, scenario).

    Results depend on neither the size of blocks nor who runs them: whatever is random is drawn before.
    """
    pieces = _rows(setting)
    whole = Setting(**{**vars(setting), "factors": _factors(setting, pieces)})
    blocks = (whole.rows(rows) for rows in pieces)
    results = []
    futures = [client.submit(reduced, block) for block in blocks] if client is not None else None
    for found in (future.result() for future in futures) if futures is not None else map(reduced, blocks):
        results.append(found)
        for _ in range(len(found[1]) * len(setting.mixes)):
            advance()
    yearly = xr.concat([years for years, _ in results], "draw")
    yearly = yearly.assign_coords(draw=np.arange(yearly.sizes["draw"]))
    onset = np.concatenate([months for _, months in results])
    names = [mix.name for mix in setting.mixes]
    return yearly, xr.DataArray(onset, {"draw": yearly["draw"], "scenario": names}, ("draw", "scenario"), "onset")


def reduced(block: Setting) -> tuple[xr.Dataset, np.ndarray]:
    """Return the outcomes of a block by year, and its months of onset [draws, scenarios]."""
    order = [block.base, *(k for k in range(len(block.mixes)) if k != block.base)]
    years: dict[int, xr.Dataset] = {}
    onset = np.full((len(block.within), len(block.mixes)), np.nan)
    of_reference = np.empty(0)
    for k in order:
        months = _with_errors(block, block.ran(block.mixes[k], block.variables))
        deaths = months[block.model.name_of(kept.by_name(kept.DEATHS).of[0])].to_numpy()[:, 0]
        of_reference = deaths if k == block.base else of_reference
        if k != block.base:
            onset[:, k] = first_fewer(deaths, of_reference, block.begin)
        years[k] = _years(block, block.mixes[k], months)
    return xr.concat([years[k] for k in range(len(block.mixes))], "scenario"), onset


def first_fewer(deaths: np.ndarray, reference: np.ndarray, begin: int) -> np.ndarray:
    """Return the first month, `begin` or later, with 1 % fewer deaths than the reference has [draws]; NaN for none."""
    reached = (deaths <= FEWER * reference) & (reference > 0)
    reached[:, :begin] = False
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


def _rows(setting: Setting) -> list[slice]:
    size = max(64, BYTES // (8 * (setting.last + 2) * max(len(setting.variables), 1)))
    return [slice(begin, min(begin + size, len(setting.within))) for begin in range(0, len(setting.within), size)]


def _factors(setting: Setting, pieces: Sequence[slice]) -> tuple[np.ndarray, ...]:
    """Return what each remainder is multiplied by [draws, months], from the current course, of which counts are."""
    if not setting.remainders:
        return ()
    mix = scenario.load(_ACTUAL)
    alone: dict[str, list[np.ndarray]] = {of.name: [] for of in setting.remainders}
    wanted = list(dict.fromkeys(name for of in setting.remainders for name in (of.whole, of.part)))
    for rows in pieces:
        months = setting.rows(rows).ran(mix, wanted).isel(scenario=0)
        for of in setting.remainders:
            alone[of.name].append((months[of.whole] - months[of.part]).transpose("draw", "time").to_numpy())
    return tuple(
        remaining.factors(of, np.concatenate(alone[of.name]), _counted(of), setting.beside.seed)
        for of in setting.remainders
    )


@lru_cache(maxsize=8)
def _counted(of: Remainder) -> Counted:
    return counted(of, history.load(), history.load_vintages())


def _with_errors(block: Setting, runs: xr.Dataset) -> xr.Dataset:
    """Return runs with discrepancies and remainders in them, as counts would be."""
    made = runs
    for (of, flows), by in zip(block.beside.discrepancies, block.beside.factors, strict=True):
        made = applied(made, of, [flow for flow in flows if flow in made], by)
    for rest, by in zip(block.remainders, block.factors, strict=True):
        made = remaining.added(made, rest, runs, by)
    return made


def _years(block: Setting, mix: Scenario, months: xr.Dataset) -> xr.Dataset:
    """Return the outcomes of one scenario by year."""
    names = {name: block.model.name_of(name) for each in block.wanted for name in each.of}
    spelled = months[list(dict.fromkeys(names.values()))].rename({b: a for a, b in names.items() if a != b})
    since = spelled.isel(time=slice(block.begin, block.last + 1))
    found = kept.yearly(since, block.wanted)
    value = _valued(block, mix)
    for derive in (lives.derived, costs.derived):
        found |= derive(found, value)
    for name, array in found.items():
        broken = ~np.isfinite(array.to_numpy())
        if broken.any():
            draw, _, year = np.unravel_index(int(broken.argmax()), broken.shape)
            what = f"'{name}' is not finite in {int(array['year'][year])} with draw {draw} under {mix.name}"
            raise InputError(Problem(what, hint="look at the constants of this draw"))
    return xr.Dataset(kept.described(block.wanted, found))


def _valued(block: Setting, mix: Scenario) -> Callable[[str], xr.DataArray]:
    """Return a function from the name of a constant to its value in each draw under a scenario."""
    own = constants(mix, block.model)

    def value(name: str) -> xr.DataArray:
        known = block.model.name_of(name) if name not in block.outside else name
        if known in own:
            values = np.full(len(block.within), own[known])
        elif known in block.within:
            values = block.within[known].to_numpy(float)
        elif known in block.outside:
            values = block.outside[known].to_numpy(float)
        else:
            single = block.held.get(known, in_the_model(block.model, known))
            values = np.full(len(block.within), single)
        return xr.DataArray(values, dims="draw")

    return value


def in_the_model(model: ModelFile, name: str) -> float:
    """Return the value of a constant in the model file."""
    return float(model.variables.loc[model.variables["name"] == name, "value"].iloc[0])
