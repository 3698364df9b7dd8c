"""Problems of a few constants, written to files and read as a user's are: the whole way from TOML to a density."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.density import density
from sdforecast.inference.likelihood import Likelihood
from sdforecast.inference.simulation_based import points
from sdforecast.inference.studying import Setting, Sources, study
from sdforecast.model import read

HEADER = (
    "series,period_start,period_end,aggregation,geography,breakdown,value,low,high,unit,status,vintage,source,"
    "licence,grade"
)
UNITS = ("points", "boys")

EVERYTHING = """{UTF-8}
Population = INTEG (net growth, 2000) ~ person ~ |
net growth = growth rate * Population * (1 - Population / capacity) * EXP(push) ~ person/Month ~ |
growth rate = 0.12 ~ 1/Month ~ |
capacity = 9000 ~ person ~ |
push = 0 ~ Dmnl ~ Latent. |
illness = risk * Population ~ person/Month ~ |
cumulative illness = INTEG (illness, 0) ~ person ~ |
risk = 0.05 ~ 1/Month ~ |
accidents = 0.0005 * Population * (1 + bias) ~ person/Month ~ |
cumulative accidents = INTEG (accidents, 0) ~ person ~ |
price = 1000000 / Population ~ point ~ |
crowding = Population / capacity ~ Dmnl ~ |
bias = 0.3 ~ Dmnl ~ |
mood = 10 * bias - 4 * crowding ~ point ~ |
FINAL TIME = 48 ~ Month ~ |
INITIAL TIME = 0 ~ Month ~ |
SAVEPER = 1 ~ Month ~ |
TIME STEP = 0.125 ~ Month ~ |
"""
"""A model with a variable for every kind of target."""

EVERYTHING_PRIORS = [
    ("growth rate", "1/Month", 0.12, "lognormal", 0.2, 0.02, 0.6),
    ("capacity", "person", 9000, "lognormal", 0.2, 3000, 30000),
    ("risk", "1/Month", 0.05, "lognormal", 0.3, 0.01, 0.3),
    ("bias", "Dmnl", 0.3, "normal", 0.15, -0.2, 1),
]

EVERYTHING_TARGETS = """
[[discrepancy]]
name = "illness"
title = "What the model does not explain"
innovation = [0.05, 0.5]
half_life = [6, 0.4]
walk = [0.02, 0.5]
season = 0.05
month_lengths = true

[[latent]]
name = "push"
title = "Latent push"
variable = "push"
from = "2010-01"
every = 12
sd = [0.2, 0.4]
half_life = [12, 0.4]
"""


def target(name: str, series: str, variable: str, kind: str, likelihood: str, sd: float, **more: object) -> str:
    """Return a target of `series` in TOML."""
    keys = {
        "name": name, "title": name, "series": [series], "aggregation": ["month", "calendar-year"], "breakdown": "all",
        "from": "2010-01", "to": "2013-12", "variable": variable, "kind": kind, "likelihood": likelihood, "sd": sd,
    } | more  # fmt: skip
    return "[[target]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def priors(entries: Sequence[tuple[str, str, float, str, float, float, float]]) -> str:
    """Return `parameters.toml` of (name, unit, value, distribution, spread, low, high)."""
    keys = ("name", "unit", "value", "distribution", "spread", "low", "high")
    more = 'kind = "estimated"\nsource = "Made up."\ngrade = "judgement"\nnarrowed_by = "Nobody."\n'
    return "\n".join(
        "[[parameter]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in zip(keys, entry, strict=True)) + more
        for entry in entries
    )


def write(
    folder: Path,
    model: str,
    parameters: str,
    targets: str,
    series: Mapping[str, tuple[str, Mapping[tuple[int, int], float]]],
) -> tuple[Path, Sources]:
    """Write a problem; `series` is by name a unit, and values by (first, last) month from January 2010."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "model.mdl").write_text(model, "utf-8")
    (folder / "parameters.toml").write_text(parameters, "utf-8")
    (folder / "targets.toml").write_text(targets, "utf-8")
    lines, described = [HEADER], f"[vocabulary]\nunit = {json.dumps(UNITS)}\n"
    for name, (unit, values) in series.items():
        described += (
            f'[{name}]\ntitle = "{name}"\npublisher = "Nobody"\nunit = "{unit}"\nkind = "count"\ndefinition = "x"\n'
        )
        for (first, last), value in values.items():
            span = f"{calendar.month_start(first):%Y-%m-%d},{calendar.month_end(last):%Y-%m-%d}"
            kind = "month" if first == last else "calendar-year"
            lines.append(
                f"{name},{span},{kind},US,all,{value!r},,,{unit},final,2015-01-01,Made up.,cited-fact,judgement"
            )
    (data / "made_up.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (data / "series.toml").write_text(described, "utf-8")
    return folder / "model.mdl", Sources(data, folder / "parameters.toml", folder / "targets.toml")


class Posed:
    """A problem, its density and its likelihood."""

    def __init__(self, model: Path, sources: Sources) -> None:
        self.model, self.sources = read(model), sources

    @cached_property
    def setting(self) -> Setting:
        return study(self.model, self.sources)

    @cached_property
    def density(self) -> LogDensity:
        return LogDensity(density(self.setting.study))

    @cached_property
    def likelihood(self) -> Likelihood:
        return Likelihood(self.setting.study)

    def at(self, position: np.ndarray) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
        """Return the model's values [draws, observations] and what follows from positions [draws, numbers]."""
        derived = self.density.derived(position)
        return self.setting.study.predictor.many(points(self.setting.study, derived)), derived


def everything(folder: Path, seed: int = 1, months: int = 30) -> Posed:
    """Return the problem with every kind of target, its values near what the model gives."""
    rng, each = np.random.default_rng(seed), [(k, k) for k in range(12, 12 + months)]
    years = [(0, 11)]

    def around(centre: float, width: float) -> dict[tuple[int, int], float]:
        return {span: float(centre * np.exp(width * rng.standard_normal())) for span in each}

    series = {
        "illness_by_year": ("people", dict.fromkeys(years, 1500.0)),
        "illness_by_month": ("people", {k: float(round(v)) for k, v in around(300, 0.2).items()}),
        "accident_counts": ("people", {span: float(v) for span, v in zip(each, rng.poisson(2, months), strict=True)}),
        "price_index": ("points", around(170, 0.2)),
        "price_elsewhere": ("points", around(190, 0.3)),
        "crowding_share": (
            "fraction",
            {span: float(v) for span, v in zip(each, rng.uniform(0.4, 0.9, months), strict=True)},
        ),
        "mood_scale": ("points", {span: float(v) for span, v in zip(each, rng.normal(0, 1, months), strict=True)}),
    }
    of = {"discrepancy": "illness", "sd_spread": 0.4}
    targets = EVERYTHING_TARGETS + "\n".join(
        [
            target("illness, yearly", "illness_by_year", "illness", "flow", "negative-binomial", 0.02, **of),
            target("illness, monthly", "illness_by_month", "illness", "flow", "negative-binomial", 0.02, **of),
            target("accidents", "accident_counts", "accidents", "flow", "negative-binomial", 0.3),
            target("price", "price_index", "price", "level", "log-normal", 0.2, memory=6),
            target("price elsewhere", "price_elsewhere", "price", "level", "log-normal", 0.3, offset=0.2),
            target("crowding", "crowding_share", "crowding", "level", "logit-normal", 0.5),
            target("mood", "mood_scale", "mood", "level", "normal", 1.0, memory=3, offset=0.5),
        ]
    )  # fmt: skip
    return Posed(*write(folder, EVERYTHING, priors(EVERYTHING_PRIORS), targets, series))


def table(problem: Posed) -> pd.DataFrame:
    """Return the observations of a problem."""
    return problem.setting.study.observations


LINEAR = """{UTF-8}
level = base + slope * Time / 12 ~ point ~ |
base = 1 ~ point ~ |
slope = 0.5 ~ point ~ |
sales = 200 * EXP(0.3 * level) ~ person ~ |
Stock = INTEG (slope, base) ~ point ~ |
FINAL TIME = 36 ~ Month ~ |
INITIAL TIME = 0 ~ Month ~ |
SAVEPER = 1 ~ Month ~ |
TIME STEP = 0.125 ~ Month ~ |
"""
LINEAR_PRIORS = [("base", "point", 1.0, "normal", 0.8, -7.0, 9.0), ("slope", "point", 0.5, "normal", 0.5, -4.5, 5.5)]
LINEAR_MONTHS = np.arange(24)


def linear(folder: Path, seed: int = 5) -> Posed:
    """Return a problem linear in two constants on the scale of its errors, all of whose scales are known.

    A normal target of 24 months, another of a stock (its mean over a month), and counts with a discrepancy of known
    innovation, half-life, drift and season.
    """
    rng, k = np.random.default_rng(seed), LINEAR_MONTHS
    levels = 1.7 + 0.9 * k / 12 + rng.normal(0, 0.5, len(k))
    stocks = 1.7 + 0.9 * (k + 0.5) + rng.normal(0, 2.0, len(k))
    sold = 200 * np.exp(0.3 * (1.7 + 0.9 * k / 12) + 0.1 * rng.standard_normal(len(k)))

    def monthly(unit: str, values: np.ndarray) -> tuple[str, dict[tuple[int, int], float]]:
        return unit, {(int(m), int(m)): float(v) for m, v in zip(k, values, strict=True)}

    series = {"levels": monthly("points", levels), "stocks": monthly("points", stocks), "sold": monthly("people", sold)}
    targets = """
[[discrepancy]]
name = "sales"
title = "What the model does not explain"
innovation = [0.05, 0]
half_life = [5, 0]
walk = [0.02, 0]
season = 0.04
month_lengths = false
""" + "\n".join(
        [
            target("levels", "levels", "level", "instant", "normal", 0.5, sd_spread=0),
            target("stocks", "stocks", "Stock", "level", "normal", 2.0, sd_spread=0),
            target("sold", "sold", "sales", "instant", "negative-binomial", 0.08, sd_spread=0, discrepancy="sales"),
        ]
    )
    return Posed(*write(folder, LINEAR, priors(LINEAR_PRIORS), targets, series))


EXAMPLE = Path(__file__).parents[3] / "calibration" / "examples" / "boarding_school"


def boarding_school() -> Posed:
    """Return the worked example: influenza in a boarding school."""
    return Posed(EXAMPLE / "sir.mdl", Sources(EXAMPLE / "data", EXAMPLE / "parameters.toml", EXAMPLE / "targets.toml"))
