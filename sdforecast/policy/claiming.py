"""Testing claims: each statement's value in every draw, how often it holds, and the verdict that a stated rule gives.

Every test is run twice, on draws of the posterior and on the full ranges of the assumptions from which the data taught
nothing (every value of a range as likely as any other, the rest from the posterior). All mixes share their draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

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

MOSTLY, RARELY = 0.9, 0.1
"""A statement counts as shown where it holds in at least the first share of draws, as refuted in at most the second."""

SUPPORTED, REFUTED, OPEN, ABSENT = (
    "supported", "not supported", "not decidable with these data", "not represented",
)  # fmt: skip
SETTINGS = ("posterior", "full ranges")
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
    """A claim, what came of its tests by setting, and the verdicts."""

    claim: Claim
    found: tuple[dict[str, Found], ...]
    verdicts: tuple[str, ...]
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
    targets: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Runs:
    """Run every mix with the same draws, and keep what the tests need by year.

    Parameters
    ----------
    assumptions : one row a draw; its columns replace the posterior's values of these constants.
    draws : how many (default: a row of `assumptions` each, or 300).
    """
    tests = [test for _, _, test in claims.tests]
    first, last = min(test.span[0] for test in tests), max(test.span[1] for test in tests)
    end = (last - calendar.FIRST_YEAR) * 12 + 11
    wanted = measured(tests, model)
    chosen = drawn.drawn(posterior, draws, assumptions)
    within, outside = drawn.constants(chosen, assumptions, model, costs.beside(len(chosen), seed))
    mixes = (mixing.made(mixing.BASE, {}), *(mix for name, mix in claims.mixes.items() if name != mixing.BASE))
    setting = blocks.Setting(
        model, mixes, 0, wanted, within, outside, disturbances(chosen, model, end, seed, targets), end,
        (first - calendar.FIRST_YEAR) * 12,
        {str(k): float(v) for k, v in (posterior.manifest.get("held") or {}).items()}, engine,
    )  # fmt: skip
    yearly, _ = blocks.run(setting, None, advance)
    return Runs(yearly, within)


def full_ranges(posterior: Posterior, runs: int, seed: int = 1, table: Path | None = None) -> pd.DataFrame:
    """Return draws from the full ranges of the assumptions from which the data taught the posterior nothing."""
    learned = posterior.learned.set_index("parameter")["taught"]
    there = ranges.assumptions(parameters.load(table), list(posterior.draws.columns))
    free = [each for each in there if learned.get(each.name, "not") == "not"]
    if not free:
        raise InputError(Problem("the posterior has no assumption from which the data taught nothing"))
    return ranges.design(ranges.Ranges(tuple(free), even=True), runs, len(posterior), seed).constants


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
        result.append(Judged(claim, tests, verdicts, verdict_on(verdicts)))
    return tuple(result)
