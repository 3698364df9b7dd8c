"""Testing claims: each statement's value in every draw, how often it holds, and the verdict that a stated rule gives.

Every test is run twice, on draws of the posterior and on the full ranges of the assumptions from which the data taught
nothing: every value of a range as likely as any other, the rest from the posterior, and only those together that keep
the past. All mixes share their draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm, rankdata

from sdforecast import calendar, parameters
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.inference import Posterior
from sdforecast.model import ModelFile
from sdforecast.policy import blocks, costs, drawn, kept, mixing, ranges
from sdforecast.policy.claims import Claim, Claims, Test
from sdforecast.policy.estimating import Estimate, chance, estimate
from sdforecast.policy.kept import Kept
from sdforecast.scenario import Scenario

MOSTLY, RARELY = 0.9, 0.1
"""A statement counts as shown where it holds in at least the first share of draws, as refuted in at most the second."""

SUPPORTED, REFUTED, OPEN, ABSENT = (
    "supported", "not supported", "not decidable with these data", "not represented",
)  # fmt: skip
PAST = (2014, 2024)
MOVED = 0.15
"""How far draws from the full ranges may move the deaths of the past; the model alone misses them by half of that."""

_FEWEST = 8
_SHOWN = 4
_CHANCE = 0.05  # that a correlation named is one of chance, over all constants together


@dataclass(frozen=True)
class Runs:
    """Outcomes by year of all mixes of a file of claims (draw, scenario, year), and the constants of each draw."""

    yearly: xr.Dataset
    constants: pd.DataFrame


@dataclass(frozen=True)
class Found:
    """What came of one test in one setting.

    Attributes
    ----------
    values : of the statement [draws].
    chance, error : share of draws in which it holds, and its Monte Carlo error.
    turns_on : constants whose rank correlation with the value chance does not explain, the strongest first.
    """

    values: np.ndarray
    of: Estimate
    chance: float
    error: float
    turns_on: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Judged:
    """A claim, what came of its tests by setting, and the verdicts; `close` where twice the error would change one."""

    claim: Claim
    found: tuple[dict[str, Found], ...]
    verdicts: tuple[str, ...]
    close: tuple[bool, ...]
    verdict: str


def run(
    claims: Claims,
    model: ModelFile,
    posterior: Posterior,
    *,
    assumptions: pd.DataFrame | None = None,
    draws: int | None = None,
    seed: int = 1,
    engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> Runs:
    """Run every mix with the same draws, and keep what the tests need by year.

    Parameters
    ----------
    assumptions : one row a draw; its columns replace the posterior's values of these constants.
    draws : how many (default: a row of `assumptions` each, or 300).
    """
    tests = [test for _, _, test in claims.tests]
    span = min(test.span[0] for test in tests), max(test.span[1] for test in tests)
    mixes = (mixing.made(mixing.BASE, {}), *(mix for name, mix in claims.mixes.items() if name != mixing.BASE))
    chosen = drawn.drawn(posterior, draws, assumptions)
    return _ran(model, chosen, mixes, measured(tests, model), span, assumptions, seed, engine, advance)


def _ran(
    model: ModelFile,
    chosen: Posterior,
    mixes: tuple[Scenario, ...],
    wanted: tuple[Kept, ...],
    span: tuple[int, int],
    assumptions: pd.DataFrame | None,
    seed: int = 1,
    engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> Runs:
    end = (span[1] - calendar.FIRST_YEAR) * 12 + 11
    within, outside = drawn.constants(chosen, assumptions, model, costs.beside(len(chosen), seed))
    setting = blocks.Setting(
        model, mixes, 0, wanted, within, outside, disturbances(chosen, model, end, seed), end,
        (span[0] - calendar.FIRST_YEAR) * 12,
        {str(k): float(v) for k, v in (chosen.manifest.get("held") or {}).items()}, engine,
    )  # fmt: skip
    yearly, _ = blocks.run(setting, None, advance)
    return Runs(yearly, within)


@dataclass(frozen=True)
class Wide:
    """Draws from full ranges that keep the past: the posterior's part of each, and the assumptions, one row a draw.

    `tried` says of how many they are.
    """

    posterior: Posterior
    assumptions: pd.DataFrame
    tried: int


def full_ranges(model: ModelFile, posterior: Posterior, tried: int = 4096, seed: int = 1) -> Wide:
    """Return draws from the full ranges of the assumptions from which the data taught the posterior nothing.

    Values are even over each range (:mod:`.ranges`). Kept are those whose deaths in the years of `PAST` differ from
    those of their draw of the posterior, which fits what was counted, by at most `MOVED`: the sum of absolute
    differences over the sum of deaths. Raises `InputError` where too few are kept.
    """
    learned = posterior.learned.set_index("parameter")["taught"]
    there = ranges.assumptions(parameters.load(), list(posterior.draws.columns))
    free = tuple(each for each in there if learned.get(each.name, "not") == "not")
    design = ranges.design(ranges.Ranges(free, even=True), tried, len(posterior), seed)
    chosen = drawn.again(posterior, design.rows)
    own = _past(model, posterior, None)[design.rows]
    moved = np.abs(_past(model, chosen, design.constants) - own).sum(axis=1) / own.sum(axis=1)
    kept_ = np.flatnonzero(moved <= MOVED)
    if len(kept_) < _FEWEST:
        what = f"of {tried:,} draws from the full ranges only {len(kept_)} keep the deaths of {PAST[0]} to {PAST[1]}"
        raise InputError(Problem(what, hint="try more"))
    return Wide(drawn.again(chosen, kept_), design.constants.iloc[kept_].reset_index(drop=True), tried)


def _past(model: ModelFile, posterior: Posterior, assumptions: pd.DataFrame | None) -> np.ndarray:
    """Return deaths under the current course [draws, years of PAST]."""
    deaths = (kept.by_name(kept.DEATHS),)
    runs = _ran(model, posterior, (mixing.made(mixing.BASE, {}),), deaths, PAST, assumptions)
    found: np.ndarray = runs.yearly[kept.DEATHS].isel(scenario=0).transpose("draw", "year").to_numpy()
    return found


def measured(tests: Sequence[Test], model: ModelFile) -> tuple[Kept, ...]:
    """Return deaths and every outcome that the tests need, a variable of the model as one of its own."""
    known = {each.name: each for each in kept.OUTCOMES}
    units = dict(zip(model.variables["name"], model.variables["unit"], strict=True))
    names = dict.fromkeys([kept.DEATHS, *(name for test in tests for name in test.measures)])
    found = []
    for name in names:
        unit = str(units.get(name, ""))
        flow = unit.casefold().endswith("/month")
        own = Kept(name, name, unit[:-6] + " a year" if flow else unit, (name,), "sum" if flow else "mean", "stage")
        found.append(known.get(name, own))
    return tuple(found)


def values(test: Test, runs: Runs) -> np.ndarray:
    """Return the value of a statement in each draw [draws], in percent where the test has a base."""

    def level(mix: str, measure: str, years: tuple[int, int]) -> np.ndarray:
        some = runs.yearly[measure].sel(scenario=mix, year=slice(*years))
        found: np.ndarray = some.mean("year").to_numpy()
        return found

    def share(measure: str) -> np.ndarray | float:
        return 1.0 if test.per is None else level(test.per, measure, test.years) / 100

    if test.parts is not None:
        base = level(mixing.BASE, test.measure, test.years)
        names = [str(name) for name in runs.yearly["scenario"].to_numpy()]
        own = [name for name in names if name.startswith(f"{test.parts.of}-only-")]
        saved = np.stack([base - level(name, test.measure, test.years) for name in own])
        beyond = saved.sum(axis=0) if test.parts.take == "sum" else saved.max(axis=0)
        return np.asarray((base - level(test.parts.of, test.measure, test.years) - beyond) / share(test.measure))
    total = np.zeros(runs.yearly.sizes["draw"])
    for term in test.terms:
        measure = term.measure or test.measure
        total += term.weight * level(term.mix, measure, term.years or test.years) / share(measure)
    return total


def found(test: Test, runs: Runs) -> Found:
    """Return what came of a test."""
    each = values(test, runs)
    share, error = chance(each > test.above)
    return Found(each, estimate(each), share, error, turns_on(each, runs.constants))


def turns_on(each: np.ndarray, constants: pd.DataFrame) -> tuple[tuple[str, float], ...]:
    """Return the constants with the strongest rank correlations (Spearman) with a value [draws], at most four.

    Named are those that chance alone would reach, for any of the constants, with a probability of 5 % (Bonferroni).
    """
    varied = constants.loc[:, constants.nunique() > 1]
    if np.ptp(each) == 0 or varied.empty or len(each) < 4:
        return ()
    ranks = rankdata(varied.to_numpy(float), axis=0)
    centred = ranks - ranks.mean(axis=0)
    own = rankdata(each) - (len(each) + 1) / 2
    related = own @ centred / np.sqrt((own @ own) * (centred**2).sum(axis=0))
    least = norm.isf(_CHANCE / 2 / varied.shape[1]) / np.sqrt(len(each) - 1)
    order = np.argsort(-np.abs(related))[:_SHOWN]
    return tuple((str(varied.columns[k]), float(related[k])) for k in order if abs(related[k]) > least)


def verdict_of(chances: Sequence[float]) -> str:
    """Return the verdict on a statement from the shares of draws in which it holds, one a setting."""
    if all(share >= MOSTLY for share in chances):
        return SUPPORTED
    return REFUTED if all(share <= RARELY for share in chances) else OPEN


def _close(all_found: Iterable[Found]) -> bool:
    """Return whether the verdict would be another if every share were larger or smaller by twice its error."""
    shares = [(each.chance, each.error) for each in all_found]
    return len({verdict_of([share + k * error for share, error in shares]) for k in (-2, 0, 2)}) > 1


def verdict_on(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim: supported if all its statements are, not supported if one is not, else open."""
    if not verdicts:
        return ABSENT
    if REFUTED in verdicts:
        return REFUTED
    return SUPPORTED if all(verdict == SUPPORTED for verdict in verdicts) else OPEN


def judge(claims: Claims, runs: dict[str, Runs]) -> tuple[Judged, ...]:
    """Return every claim with what came of its tests; `runs` has them by setting."""
    result = []
    for claim in claims.claims:
        tests = tuple({setting: found(test, each) for setting, each in runs.items()} for test in claim.test)
        verdicts = tuple(verdict_of([by[setting].chance for setting in by]) for by in tests)
        close = tuple(_close(by.values()) for by in tests)
        result.append(Judged(claim, tests, verdicts, close, verdict_on(verdicts)))
    return tuple(result)
