"""How past forecasts did: the results of a back-test scored against what was counted, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from sdforecast import history, shipped
from sdforecast.backtesting.keeping import Done, origins_in, read_all
from sdforecast.backtesting.names import COUNTS_FROM, OURS, PSEUDO_PROSPECTIVE, RIVAL, WITH_RIVAL, turn
from sdforecast.errors import InputError, Problem
from sdforecast.evaluation import comparing, published
from sdforecast.evaluation.baselines import BASELINES
from sdforecast.evaluation.combining import quantile_mean
from sdforecast.evaluation.levels import TARGETS
from sdforecast.evaluation.outcomes import outcomes
from sdforecast.evaluation.scoring import score

METHODS: tuple[str, ...] = (OURS, WITH_RIVAL, *BASELINES)
"""All methods in the order of the tables; structures stand after the first two, in the order of their names."""

_STRUCTURES_FROM = 2

_CELL = ["period", "target", "horizon", "method"]
_MEANS = [
    "wis", "wis_log", "crps_log", "dispersion", "bias", "percent_error", "absolute_percent_error",
    "covered_50", "covered_80", "covered_90", "covered_95", "provisional",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts from past origins, and how they did.

    Attributes
    ----------
    forecasts : of all methods, in the columns of :mod:`sdforecast.evaluation`.
    outcomes : what was counted, as `evaluation.outcomes.outcomes`.
    scores : one row a forecast whose outcome is known, as `evaluation.scoring.score`.
    observations : the history that they are scored against.
    facts : of each origin, in order: what it was made from and how.
    """

    forecasts: pd.DataFrame
    outcomes: pd.DataFrame
    scores: pd.DataFrame
    observations: pd.DataFrame
    facts: Sequence[Mapping[str, Any]]

    @cached_property
    def skill(self) -> pd.DataFrame:
        """One row a period, target, horizon and method.

        `origins`, `relative` (mean WIS over that of the last value repeated), `low`, `high` (90 % interval of a paired
        bootstrap over origins), `wins` (origins with the better score), and means: `wis`, `dispersion` (deaths),
        `wis_log`, `crps_log`, `bias` (-1 to 1), `percent_error`, `absolute_percent_error` (of the median),
        `covered_50 … covered_95`, `provisional` (shares).
        """
        relative = comparing.relative_wis(self.scores)[[*_CELL, "origins", "relative", "low", "high", "wins"]]
        means = comparing.summary(self.scores)[[*_CELL, *_MEANS]]
        return _in_order(relative.merge(means, on=_CELL, validate="one_to_one"))

    @cached_property
    def overall(self) -> pd.DataFrame:
        """The same ratio over all horizons at once: `period, target, method, origins, relative, low, high`."""
        table = comparing.relative_overall(self.scores)
        return _in_order(table[["period", "target", "method", "origins", "relative", "low", "high"]])

    @cached_property
    def by_origin(self) -> pd.DataFrame:
        """Every forecast with its score, as `comparing.by_origin`, and `turn`: at which turn its origin stands."""
        table = comparing.by_origin(self.scores)
        return _in_order(table.assign(turn=table["origin"].map(turn)))

    @cached_property
    def worst(self) -> pd.DataFrame:
        """The worst forecast of each method by target, on the logarithm, as `comparing.worst_origin`."""
        return _in_order(comparing.worst_origin(self.scores))

    @cached_property
    def published(self) -> pd.DataFrame:
        """Projections that others published and that were counted since, as `evaluation.published.score`."""
        return published.score(published.load(), self.observations)

    @cached_property
    def beside(self) -> pd.DataFrame:
        """Published projections beside forecasts from the same origin to the same end, by `OURS` and `RIVAL`."""
        table = published.beside(self.published, self.scores)
        return _in_order(table[table["method"].isin([OURS, WITH_RIVAL, RIVAL])])

    @property
    def methods(self) -> list[str]:
        """The methods scored, in the order of the tables."""
        there = set(self.scores["method"])
        first, rest = METHODS[:_STRUCTURES_FROM], METHODS[_STRUCTURES_FROM:]
        structures = sorted(there - set(METHODS))
        return [*(each for each in first if each in there), *structures, *(each for each in rest if each in there)]

    @property
    def structures(self) -> list[str]:
        """The structures that were mixed, scored beside the whole; empty where there was but one."""
        return [method for method in self.methods if method not in METHODS]

    @property
    def origins(self) -> list[pd.Timestamp]:
        """The origins, in order."""
        return [pd.Timestamp(origin) for origin in sorted(self.forecasts["origin"].unique())]

    def said(self) -> list[str]:
        """Return what a reader must know before the numbers, one sentence or two each."""
        return [
            PSEUDO_PROSPECTIVE, *self._of_the_structures(), COUNTS_FROM, *self._of_the_longest(),
            *self._of_the_variant(), *self._of_the_plan(),
        ]  # fmt: skip

    def worst_in_words(self) -> list[str]:
        """Return our worst forecast of each target in a sentence."""
        rows = self.worst[self.worst["method"] == OURS].to_dict("records")
        return [
            f"The worst forecast of {row['target']} was that of {row['origin']:%B %Y} for the twelve months to "
            f"{row['target_end_date']:%B %Y}: its median was {_off(row['percent_error'])}, and its error "
            f"{row['relative_wis']:.2f} times that of repeating the last value."
            for row in rows
        ]

    def _of_the_structures(self) -> list[str]:
        told = [dict(each) for each in self.facts[-1].get("structures", [])] if self.facts else []
        if len(told) < 2:
            return []
        words = ", ".join(f"{each['name']} {float(each['weight']):.0%}" for each in told)
        return [f"'{OURS}' mixes the draws of {len(told)} structures ({words}); each is scored beside it."]

    def _of_the_longest(self) -> list[str]:
        later = comparing.during(self.scores, "verification")
        if later.empty:
            return ["No outcome after December 2022 is scored: all of it is development."]
        made_since = later[later["origin"] >= comparing.LAST_DEVELOPMENT]
        old = [each for each in sorted(later["horizon"].unique()) if each not in set(made_since["horizon"])]
        if not old:
            return []
        words = " and ".join(f"{each}" for each in old)
        return [
            f"Verification has outcomes after December 2022. At {words} months all of them were forecast from earlier "
            "origins, which development spans in part, so they prove little; the joint table has them, too."
        ]

    def _of_the_variant(self) -> list[str]:
        sources = [source for facts in self.facts for source in dict(facts.get("deaths_from", {})).values()]
        if not sources:
            return []
        kinds = {kind: sum(source.startswith(kind) for source in sources) for kind in ("file", "simulated", "today")}
        if kinds["today"]:
            return ["Counts are today's, which nobody had at the origin: all methods look better than they were."]
        origins = len(self.facts)
        simulated = sum("simulated" in dict(facts.get("deaths_from", {})).values() for facts in self.facts)
        return [
            f"Deaths were known as the file of the day had them at {origins - simulated} of {origins} origins; at the "
            f"other {simulated} provisional noise was simulated from the measured revision pattern."
        ]

    def _of_the_plan(self) -> list[str]:
        plans = [dict(facts.get("plan", {})) for facts in self.facts]
        quick = sum(plan.get("method") == "laplace" for plan in plans)
        if not quick:
            return []
        whole = "Every" if quick == len(plans) else f"{quick} of {len(plans)}"
        return [f"{whole} refit is the normal approximation at its mode (--quick), not a full sample."]


def _off(error: float) -> str:
    return f"{abs(error):.0f} % too {'high' if error > 0 else 'low'}"


def judge(
    results: Sequence[Done], observations: pd.DataFrame | None = None, *, until: pd.Timestamp | None = None
) -> Backtest:
    """Score results against a history (default: the shipped one).

    Parameters
    ----------
    until : last outcome that is looked at; `comparing.LAST_DEVELOPMENT` leaves verification unseen.

    Raises
    ------
    InputError : no results, or none whose outcome was counted.
    MachineError : the extra `evaluate` is not installed.
    """
    if not results:
        raise InputError(Problem("a back-test without an origin has nothing to score"))
    rows = history.load() if observations is None else observations
    forecasts = pd.concat([done.forecasts for done in results], ignore_index=True)
    if {OURS, RIVAL} <= set(forecasts["method"]):
        forecasts = pd.concat([forecasts, quantile_mean(forecasts, [OURS, RIVAL], WITH_RIVAL)], ignore_index=True)
    happened = outcomes(rows)
    if until is not None:
        happened = happened[happened["target_end_date"] <= until]
    scores = score(forecasts, happened)
    if scores.empty:
        raise InputError(Problem("no outcome of these origins has been counted yet", hint="choose earlier origins"))
    return Backtest(_in_order(forecasts), happened, _in_order(scores), rows, [done.facts for done in results])


def shipped_backtest(observations: pd.DataFrame | None = None) -> Backtest | None:
    """Return the shipped back-test scored against a history (default: the shipped one); None where none is shipped.

    Raises as `judge` does, and `InputError` for a damaged file.
    """
    folder = shipped.backtest_dir()
    return judge(read_all(folder), observations) if origins_in(folder) else None


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table sorted: targets and methods as in the tables, the rest by value."""
    ranks: dict[str, Sequence[str]] = {
        "period": ("joint", "development", "verification"), "target": TARGETS, "method": METHODS
    }  # fmt: skip
    keys = [k for k in ("period", "target", "horizon", "origin", "method", "quantile") if k in table]

    def rank(column: pd.Series) -> pd.Series:
        known = {word: float(place) for place, word in enumerate(ranks.get(str(column.name), ()))}
        if not known:
            return column
        if column.name == "method":
            return column.map(lambda word: (known.get(word, _STRUCTURES_FROM - 0.5), str(word)))
        return column.map(lambda word: known.get(word, len(known)))

    return table.sort_values(keys, key=rank, ignore_index=True, kind="stable")
