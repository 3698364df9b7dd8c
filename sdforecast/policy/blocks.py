"""Running draws under scenarios block by block, each block reduced to years before the next is run."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar, history, scenario
from sdforecast.engine.forked import Case, Forked
from sdforecast.engine.jobs import threads as all_threads
from sdforecast.engine.members import Draws
from sdforecast.engine.waiting import Client
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import remaining
from sdforecast.forecasting.applying import applied
from sdforecast.forecasting.disturbing import Disturbances
from sdforecast.forecasting.remaining import Counted, counted
from sdforecast.forecasting.running import dataset, outputs
from sdforecast.model import ModelFile
from sdforecast.observation.errors import Fitting
from sdforecast.observation.remainders import Remainder
from sdforecast.policy import costs, kept, lives
from sdforecast.policy.cluster import spread
from sdforecast.policy.kept import Kept
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series

BYTES = 60_000_000
"""Of the months of one block under all scenarios."""

LANES = 8
"""Members that the engine runs at once: blocks hold a multiple of it."""

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
    way : how the model is run, if not as its file says.
    token : of one call of :func:`run`, whose blocks share what was compiled.
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
    way: Fitting = field(default_factory=Fitting)
    token: str = ""

    @property
    def variables(self) -> list[str]:
        """Variables of the model that the outcomes need, as it spells them."""
        names = dict.fromkeys(self.model.name_of(name) for each in self.wanted for name in each.of)
        return self.beside.needed(list(names))

    @property
    def remainders(self) -> list[Remainder]:
        """Those whose whole is wanted."""
        return [of for of in self.beside.remainders if of.whole in self.variables]

    @property
    def members(self) -> Draws:
        """The draws as the engine takes them."""
        over_time = {str(each.name): (each["knot"].to_numpy(), each.to_numpy()) for each in self.beside.latents}
        return Draws(tuple(self.within.columns), np.ascontiguousarray(self.within.to_numpy(float)), over_time)

    def rows(self, rows: slice) -> Setting:
        """Return the setting with some of its draws."""
        latents = tuple(each.isel(draw=rows) for each in self.beside.latents)
        factors = tuple(by[rows] for by in self.beside.factors)
        return replace(
            self, beside=replace(self.beside, latents=latents, factors=factors), within=self.within.iloc[rows],
            outside=self.outside.iloc[rows], factors=tuple(by[rows] for by in self.factors),
        )  # fmt: skip

    def question(self, mixes: Sequence[Scenario], variables: Sequence[str], fork: int, until: int) -> Forked:
        """Return the engine's question about draws under mixes."""
        held = {name: value for name, value in self.held.items() if name not in self.within}
        cases = tuple(Case({**held, **constants(mix, self.model)}, series(mix, self.model)) for mix in mixes)
        columns = tuple(dict.fromkeys(outputs(self.model, variables).values()))
        over_time = tuple(str(each.name) for each in self.beside.latents)
        return Forked(
            self.model, columns, cases, tuple(self.within.columns), over_time, fork, until, self.way.time_step,
            self.way.integration, self.engine,
        )  # fmt: skip


def run(
    setting: Setting, client: Client | None, advance: Callable[[], None], size: int | None = None
) -> tuple[xr.Dataset, xr.DataArray]:
    """Return outcomes over (draw, scenario, year) and months of onset (draw, scenario).

    Results depend on neither the size of blocks nor who runs them: whatever is random is drawn before.
    """
    setting = replace(setting, token=uuid.uuid4().hex)
    workers = setting.threads or all_threads()
    pieces = pieces_of(len(setting.within), _largest(setting) if size is None else size, workers)
    factors = _factors(setting, pieces, client, workers)
    whole = replace(setting, factors=factors)

    def told(place: int) -> None:
        for _ in range((pieces[place].stop - pieces[place].start) * len(setting.mixes)):
            advance()

    blocks = [whole.rows(rows) for rows in pieces]
    results = spread(reduced, blocks, client=client, threads=workers, advance=told)
    names = [mix.name for mix in setting.mixes]
    years = {name: np.concatenate([found[name].to_numpy() for found, _ in results]) for name in results[0][0]}
    coords = {"draw": np.arange(len(setting.within)), "scenario": names, "year": results[0][0]["year"].to_numpy()}
    first = results[0][0]
    yearly = xr.Dataset({name: (first[name].dims, years[name], first[name].attrs) for name in years}, coords)
    onset = np.concatenate([months for _, months in results])
    return yearly, xr.DataArray(onset, {"draw": yearly["draw"], "scenario": names}, ("draw", "scenario"), "onset")


def pieces_of(draws: int, largest: int, workers: int) -> list[slice]:
    """Return which draws make a block: as many as fit, but a block for each worker where there are enough draws."""
    share = -(-draws // workers)
    size = max(LANES, min(largest, -(-share // LANES) * LANES) // LANES * LANES)
    return [slice(begin, min(begin + size, draws)) for begin in range(0, draws, size)]


def reduced(block: Setting) -> tuple[xr.Dataset, np.ndarray]:
    """Return the outcomes of a block by year, and its months of onset [draws, scenarios]."""
    months = _with_errors(block, _months(block))
    deaths = months[block.model.name_of(kept.by_name(kept.DEATHS).of[0])].transpose("draw", "scenario", "time")
    return _years(block, months), first_fewer(deaths.to_numpy(), block.base, block.begin)


def first_fewer(deaths: np.ndarray, base: int, begin: int) -> np.ndarray:
    """Return the first month with 1 % fewer deaths than scenario `base` has [draws, scenarios]; NaN for none.

    Parameters
    ----------
    deaths : [draws, scenarios, months], the first being month `begin`.
    """
    reference = deaths[:, base, None, :]
    reached = (deaths <= FEWER * reference) & (reference > 0)
    reached[:, base] = False
    return np.where(reached.any(axis=-1), begin + reached.argmax(axis=-1), np.nan)


def _largest(setting: Setting) -> int:
    """Return how many draws a block may have."""
    months = setting.last - setting.begin + 2
    return int(BYTES // (8 * months * len(setting.variables) * len(setting.mixes)))


# --- months ---------------------------------------------------------------------------------------------------------

_compiling = threading.Lock()
_questions: dict[tuple[str, str], Forked] = {}  # of this process, the last few
_KEPT = 4


def _question(block: Setting, of: str, make: Callable[[], Forked]) -> Forked:
    """Return what the engine is asked about a block, compiled once for all blocks of a call in this process."""
    with _compiling:
        if (block.token, of) not in _questions:
            made = make()
            made.check()
            while len(_questions) >= _KEPT:
                _questions.pop(next(iter(_questions)))
            _questions[block.token, of] = made
        return _questions[block.token, of]


def _months(block: Setting) -> xr.Dataset:
    """Return the months that are kept of all draws under all scenarios, as the model alone gives them."""
    fork = max(block.begin - 1, 0)  # a step at the begin is a ramp over the month before
    asked = _question(
        block, "outcomes", lambda: block.question(block.mixes, block.variables, fork, block.last + 1)
    )  # fmt: skip
    values = asked.run(block.members)
    names, wanted = [mix.name for mix in block.mixes], outputs(block.model, block.variables)
    made = dataset(block.model, values, wanted, asked.columns, names, block.begin - fork, block.last - fork)
    return made.assign_coords(time=pd.DatetimeIndex(calendar.month_ends(block.begin, block.last)).as_unit("ns"))


def _factors(setting: Setting, pieces: Sequence[slice], client: Client | None, workers: int) -> tuple[np.ndarray, ...]:
    """Return what each remainder is multiplied by [draws, months], from the current course, of which counts are."""
    if not setting.remainders:
        return ()
    blocks = [setting.rows(rows) for rows in pieces]
    rests = spread(_rests, blocks, client=client, threads=workers)
    found = []
    for k, of in enumerate(setting.remainders):
        there = np.concatenate([one[k] for one in rests])
        rest = np.ones((len(there), setting.last + 1))  # only months that were counted are looked at
        rest[:, : there.shape[1]] = there
        found.append(remaining.factors(of, rest, _counted(of), setting.beside.seed))
    return tuple(found)


def _rests(block: Setting) -> list[np.ndarray]:
    """Return whole less part of each remainder, by month as far as it was counted [draws, months]."""
    until = min(max(int(_counted(of).months[-1]) for of in block.remainders) + 1, block.last + 1)
    names = list(dict.fromkeys(name for of in block.remainders for name in (of.whole, of.part)))
    asked = _question(block, "past", lambda: block.question([scenario.load(_ACTUAL)], names, 0, until))
    wanted = outputs(block.model, names)
    runs = dataset(block.model, asked.run(block.members), wanted, asked.columns, [_ACTUAL], 0, until - 1)
    there = runs.isel(scenario=0).transpose("draw", "time")
    return [there[of.whole].to_numpy() - there[of.part].to_numpy() for of in block.remainders]


@lru_cache(maxsize=8)
def _counted(of: Remainder) -> Counted:
    return counted(of, history.load(), history.load_vintages())


# --- outcomes -------------------------------------------------------------------------------------------------------


def _with_errors(block: Setting, runs: xr.Dataset) -> xr.Dataset:
    """Return runs with discrepancies and remainders in them, as counts would be."""
    since = slice(block.begin, block.last + 1)
    made = runs
    for (of, flows), by in zip(block.beside.discrepancies, block.beside.factors, strict=True):
        made = applied(made, of, [flow for flow in flows if flow in made], by[:, since])
    for rest, by in zip(block.remainders, block.factors, strict=True):
        made = remaining.added(made, rest, runs, by[:, since])
    return made


def _years(block: Setting, months: xr.Dataset) -> xr.Dataset:
    """Return the outcomes by year."""
    names = {name: block.model.name_of(name) for each in block.wanted for name in each.of}
    spelled = months[list(dict.fromkeys(names.values()))].rename({b: a for a, b in names.items() if a != b})
    found = kept.yearly(spelled, block.wanted)
    value = _valued(block)
    for derive in (lives.derived, costs.derived):
        found |= {name: each.transpose("draw", "scenario", "year") for name, each in derive(found, value).items()}
    for name, array in found.items():
        broken = ~np.isfinite(array.to_numpy())
        if broken.any():
            draw, mix, year = np.unravel_index(int(broken.argmax()), broken.shape)
            what = f"'{name}' is not finite in {int(array['year'][year])} with draw {draw} of a block under "
            what += block.mixes[mix].name
            raise InputError(Problem(what, hint="look at the constants of this draw"))
    return xr.Dataset(kept.described(block.wanted, found))


def _valued(block: Setting) -> Callable[[str], xr.DataArray]:
    """Return a function from the name of a constant to its value (draw, scenario)."""
    own = [constants(mix, block.model) for mix in block.mixes]

    def value(name: str) -> xr.DataArray:
        known = block.model.name_of(name) if name not in block.outside else name
        if known in block.within:
            drawn = block.within[known].to_numpy(float)
        elif known in block.outside:
            drawn = block.outside[known].to_numpy(float)
        else:
            drawn = np.full(len(block.within), block.held.get(known, in_the_model(block.model, known)))
        values = np.stack([np.full(len(drawn), set_[known]) if known in set_ else drawn for set_ in own], axis=1)
        return xr.DataArray(values, dims=("draw", "scenario"))

    return value


def in_the_model(model: ModelFile, name: str) -> float:
    """Return the value of a constant in the model file."""
    return float(model.variables.loc[model.variables["name"] == name, "value"].iloc[0])
