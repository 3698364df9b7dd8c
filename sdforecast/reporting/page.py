"""The page: everything that a forecast has to say, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.numbers import signed
from sdforecast.plot.sectors import PANELS, left_out, shown
from sdforecast.reporting import findings, skill, tables, words
from sdforecast.reporting.figures import Picture

_TEMPLATES = Path(__file__).parent / "templates"

SECTORS = {
    "Precursor supply": "Who sells the chemicals, which routes of chemistry are still legally sold, what the chemicals "
    "cost, and how sellers outside China grow.",
    "Production": "Many small producers in Mexico who enter and leave by their margin, the network that serves them, "
    "and production elsewhere that fills a gap.",
    "Border flow": "What is sent, what is found and what arrives. Seizures are gross weight of mixtures; purity stands "
    "between them and the pure kilograms of the model.",
    "Demand": "How far fentanyl has replaced heroin, how strong it is, and how many people use opioids, have a "
    "disorder or are in treatment.",
    "Overdose deaths": "How often people who use drugs overdose, how many of them die, and the naloxone at hand.",
    "Policy and political economy": "What stands between an instrument and its effect: cooperation, trust, capacity "
    "and trade, quickly lost and slowly regained.",
}
"""What each sector is about."""


_ERRORS = {
    "annual_mape": "Deaths a year, 2013–2024, mean absolute error of the model alone",
    "annual_mape_without_latents": "The same without the latent change of supply",
    "annual_mape_with_discrepancy": "The same of the model with its discrepancy, which follows the counts",
    "recent_mape": "Deaths a month, January 2023 to April 2025, mean absolute error of the model alone",
}
_TURN = {
    "counted": "counted",
    "model": "model alone",
    "plain": "without the latent change of supply",
    "no dated shock": "without the dated shock",
    "no shock": "without both",
    "whole": "with discrepancy",
}
"""What the fall of deaths comes from: variants of the model that the posterior was asked for."""


def render(forecast: Forecast, pictures: Mapping[str, Picture], past: Backtest | None = None) -> str:
    """Return the page as HTML, with what is known of past forecasts; all that is not from our templates is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8"))
    return environment.get_template("page.html.j2").render(
        style=style, pictures=pictures, past=_past(forecast, past), **_context(forecast)
    )  # fmt: skip


def _past(forecast: Forecast, past: Backtest | None) -> skill.Section | None:
    return None if past is None else skill.section(past, str(forecast.manifest.get("model_sha256", "")))


def _context(forecast: Forecast) -> dict[str, Any]:
    deaths, compared = series.DEATHS in forecast.trajectories, bool(series.others(forecast))
    manifest = forecast.manifest
    first, last = series.compared_years(forecast)
    return {
        "forecast": forecast,
        "reference": series.titles(forecast)[forecast.reference],
        "last_counted": words.month(series.last_counted(forecast)),
        "has_counts": bool(len(series.counted(forecast, "month"))),
        "vintage": str(manifest.get("data_vintage", "not stated")),
        "made": str(manifest.get("created", ""))[:10],
        "version": str(manifest.get("sdforecast", "")),
        "draws": series.draws(forecast),
        "period": f"{first}–{last}",
        "end": words.month(str(forecast.trajectories["time"].to_numpy()[-1])),
        "headline": findings.headline(forecast) if deaths else [],
        "order": findings.whole_order(forecast) if deaths and compared else "",
        "comparison": tables.comparison(forecast) if deaths and compared else None,
        "by_year": tables.by_year(forecast) if deaths else None,
        "propagated": [str(name) for name in manifest.get("propagated", [])],
        "differs": [str(what) for what in manifest.get("posterior_differs", [])],
        "unsettled": [str(what) for what in manifest.get("posterior_unsettled", [])],
        "conditions": [
            (scenario, tables.changes(forecast, scenario), tables.settings(scenario)) for scenario in forecast.scenarios
        ],
        "sectors": [(name, SECTORS[name], _picture_name(name)) for name in PANELS if shown(forecast, name)],
        "left_out": _left_out(forecast),
        "fit": tables.fit(forecast) if len(forecast.fit) else None,
        "misses": findings.misses(forecast) if len(forecast.fit) else "",
        "annual": tables.annual(forecast),
        "summary": _summary(forecast.summary),
        "assumptions": tables.assumptions(forecast),
        "exogenous": tables.exogenous(forecast),
        "sources": tables.sources(forecast),
        "definitions": tables.definitions(forecast),
        "facts": tables.facts(manifest),
        "command": str(manifest.get("command", "")),
    }


def _picture_name(sector: str) -> str:
    return f"sector-{sector.lower().replace(' ', '-')}"


def _left_out(forecast: Forecast) -> list[str]:
    """Return what this page lacks because the trajectories lack it, one sentence each."""
    found = []
    if series.DEATHS not in forecast.trajectories:
        found.append(
            f"The model has no variable “{series.DEATHS}”: headline, comparison and fit by month are left out."
        )
    elif not series.others(forecast):
        found.append("One condition was run: there is no comparison.")
    found += [f"The model has none of the variables of the sector “{name}”." for name in left_out(forecast)]
    return found


def _summary(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the figures of the fit as pairs of name and text, those that there are."""
    found = []
    for key, title in _ERRORS.items():
        if key in summary:
            found.append((title, words.percent(summary[key])))
    if turn := summary.get("turn"):
        told = [f"{title} {signed(turn[key])} %" for key, title in _TURN.items() if key in turn]
        found.append(("Sum of twelve months to April 2025 against that to June 2023", "; ".join(told)))
    for key, title in (("observed", "counts"), ("model", "model")):
        if f"peak_{key}" in summary:
            moment = words.month(summary[f"peak_{key}"])
            height = f"{summary[f'peak_{key}_value']:,.0f} in " if f"peak_{key}_value" in summary else ""
            found.append((f"Highest sum of twelve months, {title}", f"{height}{moment}"))
    return found
