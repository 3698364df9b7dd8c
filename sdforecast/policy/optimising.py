"""The levels that avert most deaths within a budget: sequential quadratic programming with exact derivatives.

What is averted in each draw, and what it costs, are functions of the levels with exact derivatives. Three things may be
asked of a mix: the highest mean over the draws; the highest mean of the worst tenth of the draws (conditional value at
risk: Rockafellar and Uryasev 2000, J. Risk 2(3)); the lowest greatest regret (Savage 1951, JASA 46). The last two have
kinks, so that they are written with one more variable and one more condition for each draw, which have none. The
budget holds for the mean cost. The search is local: it begins at several mixes, and the best that was found is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize

CRITERIA = ("mean", "worst decile", "regret")
"""What is asked of a mix; of regret less is better."""

WORST = 0.1
"""Share of the draws that are the worst."""

TOLERANCE = 1e-4
"""Of the budget, or of a hundred million dollars a year where that is more, up to which a cost is within it."""

_LEAST_COST = 0.1  # billion dollars a year
_STEPS = 40
_HALVINGS = 8


@dataclass(frozen=True, eq=False)
class At:
    """A mix and what it does in each draw, against the reference.

    Attributes
    ----------
    x : levels [levers].
    averted, cost : deaths averted and added cost, billion dollars a year [draws].
    averted_by, cost_by : their derivatives by each level [draws, levers].
    """

    x: np.ndarray
    averted: np.ndarray
    averted_by: np.ndarray
    cost: np.ndarray
    cost_by: np.ndarray

    @property
    def price(self) -> float:
        """Return the mean cost."""
        return float(self.cost.mean())


@dataclass(eq=False)
class Search:
    """Looks for the best mix within budgets, and remembers every mix that it has seen.

    Attributes
    ----------
    at : what a mix does.
    low, high : bounds of the levels [levers].
    seen : mixes looked at so far.
    """

    at: Callable[[np.ndarray], At]
    low: np.ndarray
    high: np.ndarray
    seen: list[At] = field(default_factory=list)
    _last: dict[bytes, At] = field(default_factory=dict)

    def look(self, x: np.ndarray) -> At:
        """Return what a mix does; asked twice, it is run once."""
        inside = np.clip(x, self.low, self.high)
        key = inside.tobytes()
        if key not in self._last:
            found = self.at(inside)
            self._last = {key: found}
            self.seen.append(found)
        return self._last[key]

    def best(self, budget: float, criterion: str, starts: Sequence[np.ndarray]) -> At:
        """Return the best mix within a budget that is found from `starts`, the first of which must be within it.

        It is also compared with all mixes seen before, so that a higher budget never does worse.
        """
        anchor = self.look(starts[0])
        for start in starts:
            found = self.look(self._searched(budget, criterion, self._within(start, anchor, budget)))
            self._within(found.x, anchor, budget)
        hindsight = self.hindsight(budget)
        return max(self.affordable(budget), key=lambda each: score(criterion, each.averted, hindsight))

    def affordable(self, budget: float) -> list[At]:
        """Return the mixes seen that are within a budget."""
        return [each for each in self.seen if each.price <= budget + slack(budget)]

    def hindsight(self, budget: float) -> np.ndarray:
        """Return the most that any mix seen within a budget averts in each draw [draws]."""
        found: np.ndarray = np.max([each.averted for each in self.affordable(budget)], axis=0)
        return found

    def _within(self, x: np.ndarray, anchor: At, budget: float) -> np.ndarray:
        """Return x, or where it is beyond the budget the last mix within it on the way from the anchor."""
        if self.look(x).price <= budget + slack(budget):
            return x
        inside, beyond = anchor.x, x
        for _ in range(_HALVINGS):
            middle = (inside + beyond) / 2
            if self.look(middle).price <= budget + slack(budget):
                inside = middle
            else:
                beyond = middle
        return inside

    def _searched(self, budget: float, criterion: str, start: np.ndarray) -> np.ndarray:
        here = self.look(start)
        levers, draws = len(start), len(here.averted)
        unit = max(float(np.abs(here.averted).mean()), float(np.abs(here.averted_by).mean()), 1e-9)
        money = max(abs(budget), _LEAST_COST)
        hindsight = self.hindsight(budget) if criterion == "regret" else np.zeros(draws)
        task = _TASKS[criterion](levers, draws, unit, hindsight)
        bounds = [*zip(self.low, self.high, strict=True), *task.bounds]

        def spare(z: np.ndarray) -> float:
            return (budget - self.look(z[:levers]).price) / money

        def spare_by(z: np.ndarray) -> np.ndarray:
            return np.concatenate([-self.look(z[:levers]).cost_by.mean(axis=0), np.zeros(len(z) - levers)]) / money

        conditions: list[Any] = [{"type": "ineq", "fun": spare, "jac": spare_by}]
        if task.rows:
            conditions.append({
                "type": "ineq", "fun": lambda z: task.spare(z, self.look(z[:levers])),
                "jac": lambda z: task.spare_by(z, self.look(z[:levers])),
            })  # fmt: skip
        solve: Any = minimize
        found = solve(
            lambda z: task.loss(z, self.look(z[:levers])), task.begin(here),
            jac=lambda z: task.loss_by(z, self.look(z[:levers])), bounds=bounds, constraints=conditions,
            method="SLSQP", options={"maxiter": _STEPS, "ftol": 1e-7},
        )  # fmt: skip
        x = found.x[:levers]
        return x if np.isfinite(x).all() else start


def score(criterion: str, averted: np.ndarray, hindsight: np.ndarray) -> float:
    """Return how good a mix is; more is better, also of regret, whose sign is turned."""
    if criterion == "mean":
        return float(averted.mean())
    if criterion == "worst decile":
        return worst_decile(averted)
    return -float((hindsight - averted).max())


def worst_decile(averted: np.ndarray) -> float:
    """Return the mean of the worst tenth of the draws, the last of them in part where ten do not divide them."""
    count = WORST * len(averted)
    weights = np.clip(count - np.arange(len(averted)), 0, 1)
    return float(np.sort(averted) @ weights / count)


def slack(budget: float) -> float:
    """Return how far a cost may be above a budget."""
    return TOLERANCE * max(abs(budget), _LEAST_COST)


# --- criteria without kinks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mean:
    """Variables are the levels."""

    levers: int
    draws: int
    unit: float
    hindsight: np.ndarray

    @property
    def rows(self) -> int:
        """How many conditions there are beside the budget."""
        return 0

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return []

    def begin(self, here: At) -> np.ndarray:
        return here.x

    def loss(self, z: np.ndarray, at: At) -> float:
        return -float(at.averted.mean()) / self.unit

    def loss_by(self, z: np.ndarray, at: At) -> np.ndarray:
        found: np.ndarray = -at.averted_by.mean(axis=0) / self.unit
        return found

    def spare(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.empty(0)

    def spare_by(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.empty((0, len(z)))


@dataclass(frozen=True)
class _WorstDecile(_Mean):
    """Variables are the levels, a threshold t, and how far each draw is below it: max t - mean(below) / 0.1."""

    @property
    def rows(self) -> int:
        return self.draws

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(None, None), *[(0.0, None)] * self.draws]

    def begin(self, here: At) -> np.ndarray:
        averted = here.averted / self.unit
        t = float(np.quantile(averted, WORST))
        return np.concatenate([here.x, [t], np.maximum(t - averted, 0)])

    def loss(self, z: np.ndarray, at: At) -> float:
        return float(-z[self.levers] + z[self.levers + 1 :].mean() / WORST)

    def loss_by(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.concatenate([np.zeros(self.levers), [-1.0], np.full(self.draws, 1 / (WORST * self.draws))])

    def spare(self, z: np.ndarray, at: At) -> np.ndarray:
        found: np.ndarray = z[self.levers + 1 :] - z[self.levers] + at.averted / self.unit
        return found

    def spare_by(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.hstack([at.averted_by / self.unit, np.full((self.draws, 1), -1.0), np.eye(self.draws)])


@dataclass(frozen=True)
class _Regret(_Mean):
    """Variables are the levels and a bound on regret."""

    @property
    def rows(self) -> int:
        return self.draws

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        return [(None, None)]

    def begin(self, here: At) -> np.ndarray:
        return np.append(here.x, ((self.hindsight - here.averted) / self.unit).max())

    def loss(self, z: np.ndarray, at: At) -> float:
        return float(z[-1])

    def loss_by(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.append(np.zeros(self.levers), 1.0)

    def spare(self, z: np.ndarray, at: At) -> np.ndarray:
        found: np.ndarray = z[-1] - (self.hindsight - at.averted) / self.unit
        return found

    def spare_by(self, z: np.ndarray, at: At) -> np.ndarray:
        return np.hstack([at.averted_by / self.unit, np.ones((self.draws, 1))])


_TASKS = {"mean": _Mean, "worst decile": _WorstDecile, "regret": _Regret}
