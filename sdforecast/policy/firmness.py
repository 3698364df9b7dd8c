"""How firm a ranking is: over the posterior, over the full ranges of assumptions, and what it turns on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import parameters, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.disturbing import LAST
from sdforecast.forecasting.making import DEFAULT_SCENARIOS
from sdforecast.inference import Posterior, load
from sdforecast.inference.belonging import belongs
from sdforecast.inference.posterior_files import CARRIED
from sdforecast.manifest import manifest
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.policy import discovering, learning, ranges, ranking, screening, sobol
from sdforecast.policy.counting import Counting, counting
from sdforecast.policy.extra import library
from sdforecast.policy.outcomes import FIRST, REFERENCE
from sdforecast.policy.ranges import Design, Ranges
from sdforecast.scenario import Scenario

MIX, RIVAL = "soft-power-with-teeth", "military-only"
FITTED = "what is fitted"
"""Group of all that the posterior gives: fitted constants, latent supply, discrepancy."""

KEPT = 0.10
"""Mean change of yearly deaths, 2013 to 2024, up to which a run over the ranges keeps the past."""

RELEVANT = 12
"""Assumptions that scenario discovery looks at for each case: those that go most with the margin, by rank."""


@dataclass(frozen=True)
class Plan:
    """How much is computed.

    Attributes
    ----------
    draws : runs over the full ranges under each scenario; a power of two is best.
    trajectories : of the screening.
    points : base points of the Sobol' indices, a power of two.
    strongest : assumptions with indices of their own.
    even : all values of a range alike, instead of the prior over it.
    only : vary these assumptions alone.
    """

    draws: int = 4096
    trajectories: int = screening.TRAJECTORIES
    points: int = sobol.POINTS
    strongest: int = 16
    seed: int = 1
    even: bool = False
    only: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise `InputError` where something cannot be."""
        problems = []
        if self.draws < 4:
            problems.append(Problem(f"{self.draws} draws are too few", hint="4 or more; 4096 is usual"))
        if self.trajectories < 2:
            problems.append(Problem(f"{self.trajectories} trajectories are too few", hint="2 or more; 20 is usual"))
        if self.points < sobol.LEAST or self.points & (self.points - 1):
            hint = f"a power of two from {sobol.LEAST} on: {sobol.LEAST}, {2 * sobol.LEAST}, …, 1024"
            problems.append(Problem(f"{self.points} points cannot be done", hint=hint))
        if self.strongest < 1:
            problems.append(Problem(f"the strongest {self.strongest} assumptions are none", hint="1 or more"))
        if problems:
            raise InputError(*problems)


@dataclass(frozen=True)
class Trio:
    """The scenarios that the argument is about, by name: the mix, its rival, and doing nothing new."""

    mix: str
    rival: str
    reference: str

    @property
    def outcomes(self) -> tuple[str, str, str]:
        """What sensitivity is asked of; see :func:`margins`."""
        return (
            f"deaths under {self.reference}",
            f"deaths under {self.rival} less those under {self.mix}",
            f"deaths under {self.reference} less those under {self.rival}",
        )


@dataclass(frozen=True)
class Sensitivity:
    """All of it; tables are described where they are made.

    Attributes
    ----------
    trio : which scenarios margins are of.
    posterior, ranges : deaths (draw, scenario) over draws of the posterior, and over the full ranges.
    design : what the runs over the ranges were.
    moved : how far each of these moves the past [runs].
    assumptions : one row an assumption: name, unit, sector, low, value, high, source, narrowed_by.
    rankings : `over, draws, scenario, deaths, probability, error, low, high, regret, regret_error, regret_p90`.
    ranks, pairs, growing : of :mod:`.ranking`, with a column `over`.
    effects : of :func:`.screening.screen`; `indices` : of :func:`.sobol.indices`.
    cases : where the ranking turns.
    learned : of :func:`.learning.evppi`, with a column `decision`; `perfect` : `decision, of, value, error`.
    """

    trio: Trio
    posterior: xr.DataArray
    ranges: xr.DataArray
    design: Design
    moved: np.ndarray
    assumptions: pd.DataFrame
    rankings: pd.DataFrame
    ranks: pd.DataFrame
    pairs: pd.DataFrame
    growing: pd.DataFrame
    effects: pd.DataFrame
    indices: pd.DataFrame
    cases: tuple[discovering.Case, ...]
    learned: pd.DataFrame
    perfect: pd.DataFrame
    years: tuple[int, int]
    manifest: dict[str, Any]


def sensitivity(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    mix: str | Path = MIX,
    rival: str | Path = RIVAL,
    reference: str | Path = REFERENCE,
    posterior: Posterior | None = None,
    model: ModelFile | None = None,
    table: Path | None = None,
    plan: Plan | None = None,
    first: int = FIRST,
    horizon: str = LAST,
    command: str = "sdf.sensitivity(...)",
    told: Callable[[str], None] = lambda line: None,
    started: Callable[[int], None] = lambda runs: None,
    advance: Callable[[int], None] = lambda count: None,
) -> Sensitivity:
    """Say how firm the ranking of scenarios by deaths is, and what it turns on.

    Parameters
    ----------
    scenarios : names or files that are ranked; mix, rival and reference are among them in any case.
    mix, rival, reference : whose margin is looked into.
    posterior, model, table : by default the shipped ones; the table is that of parameters.
    first, horizon : first year and last month whose deaths are summed.
    told : called with a sentence on what a reader should know.
    started : called with the number of runs to do, about.
    advance : called with the number of runs that have ended.

    Raises
    ------
    InputError : an unknown scenario or assumption, the same scenario twice, a horizon out of range, a plan that cannot
        be carried out.
    MachineError : the extra `policy` is not installed.
    """
    plan = plan or Plan()
    plan.check()
    for name in ("SALib", "ema_workbench.analysis.prim", "sklearn.tree"):
        library(name)
    model, posterior = model or read_model(), posterior or load(whole=False)
    mixes, trio = _mixes(scenarios, mix, rival, reference)
    varied = Ranges(
        tuple(ranges.assumptions(parameters.load(table), [str(name) for name in posterior.draws], plan.only)), plan.even
    )
    for problem in belongs(posterior, model):
        told(str(problem))
    count = counting(model, posterior, mixes, first=first, horizon=horizon, seed=plan.seed, advance=advance)
    by_name = {each.name: each for each in mixes}
    three = replace(count, scenarios=(by_name[trio.mix], by_name[trio.rival], by_name[trio.reference]))
    started(_runs(len(posterior), len(mixes), len(varied.names), plan))
    drawn = ranges.design(varied, plan.draws, len(posterior), plan.seed)
    over_posterior = labelled(count.totals(np.arange(len(posterior))), count.names)
    over_ranges = labelled(count.totals(drawn.rows, drawn.constants), count.names)
    moved = count.moved(drawn.rows, drawn.constants)
    effects = _effects(three, varied, trio, plan)
    own = interleaved([screening.strongest(effects, title, plan.strongest) for title in trio.outcomes], plan.strongest)
    indices = sobol.indices(
        _outcome(three, varied), groups(varied.names, own), trio.outcomes, points=plan.points, seed=plan.seed
    )
    sets = {"posterior": over_posterior, "ranges": over_ranges}
    if (near := moved <= KEPT).sum() >= learning.KNOTS:
        sets["ranges that keep the past"] = over_ranges.isel(draw=near)
    about = _about(varied, model)
    learned, perfect = _learned(over_ranges, drawn, trio, about, plan.seed)
    return Sensitivity(
        trio, over_posterior, over_ranges, drawn, moved, about,
        _over(sets, _ranking), _over(sets, ranking.ranks), _over(sets, ranking.pairs), _over(sets, ranking.growing),
        effects, indices, cases(over_ranges, drawn, trio, plan.seed), learned, perfect,
        (first, int(horizon[:4])),
        manifest(
            command, model_sha256=model.sha256, scenarios=count.names, mix=trio.mix, rival=trio.rival,
            reference=trio.reference, first=first, horizon=horizon, assumptions=len(varied.names),
            plan={key: list(value) if isinstance(value, tuple) else value for key, value in vars(plan).items()},
            posterior={key: posterior.manifest[key] for key in CARRIED if key not in ("fit", "fingerprints")},
        ),
    )  # fmt: skip


def labelled(deaths: np.ndarray, names: Sequence[str]) -> xr.DataArray:
    """Return deaths [draws, scenarios] with their labels."""
    return xr.DataArray(deaths, {"draw": np.arange(len(deaths)), "scenario": list(names)}, ("draw", "scenario"))


def groups(names: Sequence[str], own: Sequence[str]) -> dict[str, list[int]]:
    """Return groups of columns: some assumptions alone, the others together, and the last column, what is fitted."""
    found = {name: [list(names).index(name)] for name in own}
    others = [k for k, name in enumerate(names) if name not in found]
    if others:
        found[f"the other {len(others)} assumptions"] = others
    return {**found, FITTED: [len(names)]}


def interleaved(lists: Sequence[Sequence[str]], count: int) -> list[str]:
    """Return the first so many different names of several lists, one of each in turn."""
    longest = max(map(len, lists), default=0)
    turns = [each[k] for k in range(longest) for each in lists if k < len(each)]
    return list(dict.fromkeys(turns))[:count]


def cases(deaths: xr.DataArray, drawn: Design, trio: Trio, seed: int = 1) -> tuple[discovering.Case, ...]:
    """Return where military action or doing nothing wins, and where a scenario loses its place to the next."""
    of = {str(name): deaths.sel(scenario=name).to_numpy() for name in deaths["scenario"].to_numpy()}
    fewer = [(trio.rival, trio.mix), (trio.reference, trio.mix), (trio.reference, trio.rival)]
    order = sorted(of, key=lambda name: float(of[name].mean()))
    fewer += [pair for pair in zip(order[1:], order, strict=False) if pair not in fewer and pair[::-1] not in fewer]
    found = []
    for one, other in fewer:
        margin = of[other] - of[one]
        columns = relevant(drawn.shares[: len(margin) // 2], margin[: len(margin) // 2], RELEVANT)
        values = drawn.constants.iloc[:, columns]
        found.append(discovering.discover(values, margin > 0, f"{one} has fewer deaths than {other}", seed))
    return tuple(found)


def relevant(shares: np.ndarray, margin: np.ndarray, count: int) -> list[int]:
    """Return the columns that go most with a margin, by Spearman's rank correlation."""
    if np.ptp(margin) == 0:
        return list(range(min(count, shares.shape[1])))
    places = np.argsort(np.argsort(np.column_stack([shares, margin]), axis=0), axis=0).astype(float)
    places -= places.mean(axis=0)
    together = np.abs(places[:, :-1].T @ places[:, -1])
    return [int(k) for k in np.argsort(-together, kind="stable")[:count]]


def margins(deaths: np.ndarray) -> np.ndarray:
    """Return the outcomes of a trio [runs, 3] of deaths under mix, rival and reference."""
    return np.column_stack([deaths[:, 2], deaths[:, 1] - deaths[:, 0], deaths[:, 2] - deaths[:, 1]])


def _effects(three: Counting, varied: Ranges, trio: Trio, plan: Plan) -> pd.DataFrame:
    spread = np.random.default_rng(plan.seed).permutation(len(three))

    def outcome(shares: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        values = pd.DataFrame(varied.values(shares), columns=pd.Index(varied.names))
        return margins(three.totals(spread[trajectory % len(spread)], values))

    return screening.screen(outcome, varied.names, trio.outcomes, trajectories=plan.trajectories, seed=plan.seed)


def _outcome(three: Counting, varied: Ranges) -> Callable[[np.ndarray], np.ndarray]:
    def outcome(shares: np.ndarray) -> np.ndarray:
        values = pd.DataFrame(varied.values(shares[:, :-1]), columns=pd.Index(varied.names))
        return margins(three.totals(ranges.row_of(shares[:, -1], len(three)), values))

    return outcome


def _learned(
    deaths: xr.DataArray, drawn: Design, trio: Trio, about: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the value of each assumption and of several at once, for three choices."""
    choices = {
        "all scenarios": [str(name) for name in deaths["scenario"].to_numpy()],
        f"{trio.mix} or {trio.rival}": [trio.mix, trio.rival],
        f"{trio.rival} or {trio.reference}": [trio.rival, trio.reference],
    }
    shares = pd.DataFrame(drawn.shares, columns=drawn.constants.columns)
    tables, perfect = [], []
    for choice, names in choices.items():
        costs = deaths.sel(scenario=names).to_numpy()
        value, error = learning.evpi(costs)
        perfect.append({"decision": choice, "of": "everything", "value": value, "error": error})
        value, error = learning.together(costs, shares, seed)
        perfect.append({"decision": choice, "of": "all assumptions", "value": value, "error": error})
        for sector, rows in about.groupby("sector", sort=False) if len(names) == 2 else ():
            value, error = learning.together(costs, shares[list(rows["name"])], seed)
            perfect.append({"decision": choice, "of": f"sector {sector}", "value": value, "error": error})
        tables.append(learning.evppi(costs, shares, seed).assign(decision=choice))
    return pd.concat(tables, ignore_index=True), pd.DataFrame(perfect)


def _ranking(deaths: xr.DataArray) -> pd.DataFrame:
    lost = ranking.regret(deaths).rename(columns={"mean": "regret", "error": "regret_error", "p90": "regret_p90"})
    found = ranking.best(deaths).merge(lost.drop(columns="worst"))
    found.insert(1, "deaths", deaths.mean("draw").to_numpy())
    found.insert(0, "draws", deaths.sizes["draw"])
    return found


def _over(sets: Mapping[str, xr.DataArray], made: Callable[[xr.DataArray], pd.DataFrame]) -> pd.DataFrame:
    tables = []
    for over, deaths in sets.items():
        table = made(deaths)
        table.insert(0, "over", over)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _about(varied: Ranges, model: ModelFile) -> pd.DataFrame:
    sectors = model.variables.set_index("name")["sector"]
    words = ("name", "unit", "low", "value", "high", "source", "narrowed_by")
    found = pd.DataFrame([{word: getattr(p, word) for word in words} for p in varied.parameters])
    found.insert(2, "sector", [str(sectors.get(name, "")) for name in found["name"]])
    return found


def _mixes(
    scenarios: Sequence[str | Path], mix: str | Path, rival: str | Path, reference: str | Path
) -> tuple[tuple[Scenario, ...], Trio]:
    found = [scenario.load(name) for name in scenarios]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(Problem(f"scenario '{name}' is asked for twice"))
    three = []
    for role, asked in (("mix", mix), ("rival", rival), ("reference", reference)):
        by_name = next((each for each in found if each.name == str(asked)), None)
        try:
            three.append(by_name or scenario.load(asked))
        except InputError as error:
            raise InputError(*(replace(p, what=f"{role}: {p.what}") for p in error.problems)) from error
    trio = Trio(*(each.name for each in three))
    if len({trio.mix, trio.rival, trio.reference}) < 3:
        what = f"mix, rival and reference must differ: {trio.mix}, {trio.rival}, {trio.reference}"
        raise InputError(Problem(what, hint="name others: --mix, --rival, --reference"))
    found += [each for each in reversed(three) if each.name not in names]
    return tuple(found), trio


def _runs(draws: int, mixes: int, assumptions: int, plan: Plan) -> int:
    """Return how many runs are made."""
    own = min(plan.strongest, assumptions)
    of_groups = own + 1 + (assumptions > own)
    sensitivities = plan.trajectories * (assumptions + 1) + sobol.runs(of_groups, plan.points)
    return (draws + plan.draws) * (mixes + 1) + 3 * sensitivities
