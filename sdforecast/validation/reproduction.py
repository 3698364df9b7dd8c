"""Behaviour reproduction: how well the model as it stands meets each target, and of what kind the error is.

Theil (1966, Applied Economic Forecasting) splits the mean squared error between model S and observation A:

    UM = (mean S - mean A)^2 / MSE        unequal means: bias
    US = (sd S - sd A)^2 / MSE            unequal variation
    UC = 2 (1 - r) sd S sd A / MSE        unequal course; the three add up to one

A good model has little error or error of the last kind (Sterman 1984, Dynamica 10(2), 51-66).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from sdforecast import history, observation
from sdforecast.errors import InputError
from sdforecast.validation.bench import Bench
from sdforecast.validation.reading import Written
from sdforecast.validation.results import NOT_DONE, Result, outcome
from sdforecast.validation.schema import Fit

FEWEST = 3
"""Observations below which a correlation means nothing."""


@dataclass(frozen=True)
class Statistics:
    """Fit of one series.

    Attributes
    ----------
    n : observations.
    mape : mean absolute error, in per cent of what was observed.
    rmse : root mean squared error, in the unit of the observation.
    bias : mean of the model less mean observed, in per cent of the latter.
    r2 : squared correlation; NaN below three observations or without variation.
    um, us, uc : Theil's shares of the mean squared error; NaN where there is no error.
    """

    n: int
    mape: float
    rmse: float
    bias: float
    r2: float
    um: float
    us: float
    uc: float


def statistics(model: np.ndarray, observed: np.ndarray) -> Statistics:
    """Return the fit of model values to observations, both [n]."""
    s, a = np.asarray(model, dtype=float), np.asarray(observed, dtype=float)
    mse = float(np.mean((s - a) ** 2))
    sd_s, sd_a = float(s.std()), float(a.std())
    varies = sd_s > 0 and sd_a > 0
    r = float(np.corrcoef(s, a)[0, 1]) if varies else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.array([(s.mean() - a.mean()) ** 2, (sd_s - sd_a) ** 2, 2 * (1 - r) * sd_s * sd_a]) / mse
    um, us, uc = (float(part) for part in parts)
    r2 = r**2 if varies and len(s) >= FEWEST else float("nan")
    bias = float(100 * (s.mean() / a.mean() - 1))
    return Statistics(len(s), float(100 * np.mean(np.abs(s / a - 1))), mse**0.5, bias, r2, um, us, uc)


def tests(bench: Bench, written: Written) -> Iterator[Result]:
    """Give one result a target of the table that the file of checks names."""
    asked = written.checks.reproduction
    if asked is None:
        return
    limits = {fit.target: fit for fit in asked.limits}
    table = observation.observations(observation.load(written.path.parent / asked.targets), history.load())
    columns = observation.columns_needed(table, bench.model)
    for k, fit in enumerate(asked.limits):
        if fit.target not in set(table["target"]):
            raise InputError(written.problem(("reproduction", "limits", k), f"no target '{fit.target}'"))
    run = bench.run_with({"SAVEPER": 1.0})
    values = np.stack([run[bench.model.name_of(name)].to_numpy() for name in columns], axis=-1)
    table = table.assign(model=observation.predicted(table, values, columns))
    for name, part in table.groupby("target", sort=False):
        found = statistics(part["model"].to_numpy(float), part["observed"].to_numpy(float))
        yield _result(str(name), str(part["title"].iloc[0]), found, limits.get(str(name)))


def columns(bench: Bench, written: Written) -> None:
    """Keep in runs what the targets read."""
    asked = written.checks.reproduction
    if asked is not None and bench.months:
        table = observation.observations(observation.load(written.path.parent / asked.targets), history.load())
        for name in observation.columns_needed(table, bench.model):
            bench.variable(name)


def _result(name: str, title: str, found: Statistics, limit: Fit | None) -> Result:
    statement = f"{title} ({found.n} observations) are met"
    measured = f"MAPE {found.mape:.1f} %, bias {found.bias:+.1f} %"
    if found.r2 == found.r2:
        measured += f", R² {found.r2:.3f}, UM {found.um:.2f}, US {found.us:.2f}, UC {found.uc:.2f}"
    numbers = {key: value if value == value else None for key, value in asdict(found).items()}
    identity = "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
    if limit is None:
        note = "the file of checks has no limit for this target"
        return Result(identity, "reproduction", statement, NOT_DONE, measured, note=note, numbers=numbers)
    bounds = [
        (limit.mape, found.mape, 1, "MAPE < {:g} %"), (limit.r2, found.r2, -1, "R² > {:g}"),
        (limit.bias, abs(found.bias), 1, "bias < {:g} %"),
    ]  # fmt: skip
    asked = [(bound, value, sign, words) for bound, value, sign, words in bounds if bound is not None]
    good = all(sign * value < sign * bound for bound, value, sign, _ in asked)
    told = ", ".join(words.format(bound) for bound, _, _, words in asked)
    return Result(identity, "reproduction", statement, outcome(good), measured, told, limit.why, numbers=numbers)
