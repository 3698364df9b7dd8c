"""Neutrality: no equation decides which instrument wins.

For each instrument the stated ranges of the assumptions are searched for a setting in which adding it lowers deaths
and for one in which it does not. Half of the draws follow the priors, half fill the ranges evenly (scrambled Sobol
points, Owen 1998, ACM Transactions on Modeling and Computer Simulation 8(1), 71-102), and the same ones are used with
and without the instrument. Of the draws that reach furthest, the few constants that matter are told: those whose
values the effect follows most, set to the end of their range that helps, all others as in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import qmc

from sdforecast import parameters
from sdforecast.engine.members import Draws, run_members
from sdforecast.errors import InputError
from sdforecast.parameters import Parameter
from sdforecast.structure import CausalGraph, causal_graph
from sdforecast.validation.bench import EPSILON, Bench
from sdforecast.validation.reading import Written
from sdforecast.validation.results import PASSED, Result, outcome
from sdforecast.validation.schema import Neutrality

SEED = 20270101

_NAMED = 6
"""Constants of a setting that a table names; a JSON file has all."""

_CLOSEST = 16
"""Constants that a search for the few that matter looks at."""


@dataclass(frozen=True)
class Region:
    """A setting of a few constants and what the instrument does there.

    Attributes
    ----------
    effect : relative change of deaths by adding the instrument.
    setting : values of constants by name, those that matter most first; all others are those of the file.
    """

    effect: float
    setting: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        named = [f"{name} {value:.3g}" for name, value in self.setting.items()]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        where = f"with {', '.join(named[:_NAMED])}{more}" if named else "as the file is"
        return f"{100 * self.effect:+.2f} % {where}"


class Search:
    """Paired draws with and without each instrument."""

    def __init__(self, bench: Bench, written: Written, asked: Neutrality) -> None:
        self.bench, self.asked = bench, asked
        model = bench.model
        self.cumulative = model.name_of(asked.cumulative)
        self.first, self.last = bench.time(asked.start)[0], bench.time(asked.end)[1]
        table = parameters.load(written.path.parent / str(written.checks.parameters))
        self.drawn = [p for p in table if p.kind in asked.kinds and p.spread > 0]
        counting = causes_of(causal_graph(model), self.cumulative)
        self.drawn = [p for p in self.drawn if p.name in counting]
        self.names = tuple(p.name for p in self.drawn)
        self.file = np.array([bench.values[name] for name in self.names])
        self.instruments = [model.name_of(word) for word in asked.instruments]
        self.both = {model.name_of(word) for word in asked.both_regions}
        self.series = {name: bench.base[name] for name in self.instruments}
        self.values = draws(self.drawn, asked.draws)
        self.positions = np.array([[p.position(v) if p.distribution == "normal" or v > 0 else 0.0
                                    for p, v in zip(self.drawn, row, strict=True)] for row in self.values])  # fmt: skip

    def deaths(self, values: np.ndarray, instrument: str | None) -> np.ndarray:
        """Return the increase of the stock over the span, one a row of `values` [draws, constants]."""
        series = dict(self.series)
        if instrument is not None:
            course = series[instrument]
            later = course.index.to_numpy(float) >= self.first - EPSILON
            series[instrument] = pd.Series(np.where(later, self.asked.level, course), index=course.index)
        times, runs = run_members(
            self.bench.model, [self.cumulative], Draws(self.names, values), series=series, until=self.last,
            engine=self.bench.engine,
        )  # fmt: skip
        ends = [np.interp(at, times, np.arange(len(times))) for at in (self.first, self.last)]
        return np.asarray(runs[:, round(ends[1]), 0] - runs[:, round(ends[0]), 0])

    def effects(self, instrument: str, without: np.ndarray) -> np.ndarray:
        """Return the relative change by an instrument in each draw."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.deaths(self.values, instrument) / without - 1)

    def region(self, instrument: str, effects: np.ndarray, sign: int) -> Region:
        """Return where the effect has a sign, told by as few constants as can be.

        From the file's own values, the constant is moved to an end of its range that helps most, then the next, among
        those that the effect follows most closely over the draws (absolute correlation).
        """
        good = np.isfinite(effects)
        follow = _correlations(self.positions[good], effects[good])
        closest = [int(k) for k in np.argsort(-np.abs(follow))[:_CLOSEST]]
        here, effect = self.file.copy(), self.effect_at(self.file[None, :], instrument)[0]
        moved: list[int] = []
        while not self.counts(effect, sign, instrument) and len(moved) < self.asked.most_named:
            moves = [(k, end) for k in closest if k not in moved for end in (self.drawn[k].low, self.drawn[k].high)]
            tried = np.repeat(here[None, :], len(moves), axis=0)
            for row, (k, end) in enumerate(moves):
                tried[row, k] = end
            found = np.nan_to_num(sign * self.effect_at(tried, instrument), nan=-np.inf)
            best = int(found.argmax())
            if not found[best] > sign * effect:
                break
            here, effect = tried[best], sign * found[best]
            moved.append(moves[best][0])
        if self.counts(effect, sign, instrument):
            return Region(float(effect), {self.names[k]: float(here[k]) for k in moved})
        k = int(np.nanargmax(sign * effects))
        if sign * effects[k] < sign * effect:
            return Region(float(effect), {self.names[k]: float(here[k]) for k in moved})
        return self.told(instrument, k, np.argsort(-(sign * follow * self.positions[k])), sign)

    def told(self, instrument: str, draw: int, order: np.ndarray, sign: int) -> Region:
        """Return a draw by as few of its constants as still give the sign, taken in `order`, all others as in the file.

        A draw that has the sign with none of its parts alone is told whole.
        """
        parts = np.repeat(self.file[None, :], len(order), axis=0)
        for k, which in enumerate(order):
            parts[k:, which] = self.values[draw, which]
        effects = self.effect_at(parts, instrument)
        enough = [k for k, effect in enumerate(effects) if self.counts(float(effect), sign, instrument)]
        last = enough[0] if enough else len(order) - 1
        setting = {self.names[which]: float(self.values[draw, which]) for which in order[: last + 1]}
        return Region(float(effects[last]), setting)

    def effect_at(self, values: np.ndarray, instrument: str) -> np.ndarray:
        """Return the relative change by an instrument at `values` [settings, constants]."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.deaths(values, instrument) / self.deaths(values, None) - 1)

    def counts(self, effect: float, sign: int, instrument: str) -> bool:
        """Return whether an effect counts as lowering (sign -1), or as not lowering, or raising (sign +1)."""
        if sign < 0:
            return effect < -self.asked.lowers
        return effect > (self.asked.lowers if instrument in self.both else -self.asked.lowers / 10)


def causes_of(graph: CausalGraph, name: str) -> set[str]:
    """Return all variables that one rests on, directly or through others: to draw any other would change nothing."""
    found, waiting = {name}, [name]
    while waiting:
        variable = graph.variables[waiting.pop()]
        new = {*variable.inputs, *variable.initial} - found
        found |= new
        waiting += new
    return found


def draws(drawn: Sequence[Parameter], count: int) -> np.ndarray:
    """Return values [count, parameters]: the first half from the priors, the second even over the ranges.

    A range of a log-normal prior is filled evenly in logarithms.
    """
    power = max(int(np.ceil(np.log2(count))), 1)
    unit = qmc.Sobol(len(drawn), scramble=True, seed=SEED).random_base2(power)[:count]
    low, high = np.array([p.bounds for p in drawn]).T
    half = count // 2
    below, above = ndtr(low), ndtr(high)
    from scipy.special import ndtri

    positions = np.vstack([ndtri(below + unit[:half] * (above - below)), low + unit[half:] * (high - low)])
    return np.array([[p.at(float(z)) for p, z in zip(drawn, row, strict=True)] for row in positions])


def _correlations(positions: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Return the correlation of each constant's position with the effect; 0 where either does not vary."""
    x, y = positions - positions.mean(axis=0), effects - effects.mean()
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return np.asarray(np.divide(x.T @ y, scale, out=np.zeros(len(scale)), where=scale > 0))


def tests(bench: Bench, written: Written, advance: Callable[[], None]) -> Iterator[Result]:
    """Give one result an instrument."""
    asked = written.checks.neutrality
    if asked is None:
        return
    if written.checks.parameters is None:
        raise InputError(written.problem(("neutrality",), "needs the table of parameters", "parameters: FILE"))
    search = Search(bench, written, asked)
    without = search.deaths(search.values, None)
    for name in search.instruments:
        yield _result(name, search, without)
        advance()


def _result(name: str, search: Search, without: np.ndarray) -> Result:
    asked = search.asked
    effects = search.effects(name, without)
    fall, rise = (search.region(name, effects, sign) for sign in (-1, 1))
    both = name in search.both
    words = "raises" if both else "does not lower"
    found = {"lowers": search.counts(fall.effect, -1, name), words: search.counts(rise.effect, 1, name)}
    exempt = next((rule for word, rule in asked.one_sided.items() if search.bench.model.name_of(word) == name), None)
    missing = [side for side, there in found.items() if not there]
    excused = exempt is not None and missing == [exempt.never]
    share = float(np.nanmean(effects < -asked.lowers))
    statement = f"Within the ranges of the assumptions, {name} lowers deaths in one setting and {words} them in another"
    note = f"lowers: {fall}; {words}: {rise}" if not missing or excused else f"not found: {' and '.join(missing)}; "
    if missing and not excused:
        note += f"nearest: {fall if 'lowers' in missing else rise}"
    elif excused and exempt is not None:
        note = f"{note}; one-sided: {exempt.why}"
    numbers = {
        "lowers": {"found": found["lowers"], "effect": fall.effect, "setting": dict(fall.setting)},
        "does_not_lower": {"found": found[words], "effect": rise.effect, "setting": dict(rise.setting)},
        "share_of_draws_lowering": share, "draws": len(effects),
        "range": [float(np.nanmin(effects)), float(np.nanmax(effects))],
    }  # fmt: skip
    return Result(
        name.lower().replace(" ", "-"), "neutrality", statement, PASSED if excused else outcome(not missing),
        f"{100 * np.nanmin(effects):+.2f} to {100 * np.nanmax(effects):+.2f} %, lower in {100 * share:.0f} % of draws",
        _limit(asked.lowers, both) if not excused else "one-sided, documented",
        "Nothing in the equations decides which policy wins.", note, numbers,
    )  # fmt: skip


def _limit(lowers: float, both: bool) -> str:
    """Return what counts as lowering and, beside it, as raising or as not lowering."""
    return f"both: under {-100 * lowers:+g} %, over {100 * (lowers if both else -lowers / 10):+g} %"
