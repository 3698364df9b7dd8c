"""What the data could teach and what they could not, and how well the model fits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sdforecast.forecasting import Forecast
from sdforecast.plot.numbers import signed
from sdforecast.plot.sectors import unit_words
from sdforecast.reporting import drawing, findings, tables, words
from sdforecast.reporting.content import Block, Facts, Figure, Folded, Heading, Paragraph, Section
from sdforecast.reporting.drawing.fitted import counted_there

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

_MOST = 12


def section(forecast: Forecast) -> Section | None:
    """Return what was learnt of the constants, and the fit; None where there is neither."""
    learnt, fitted = _learnt(forecast), _fit(forecast)
    if not learnt and not fitted:
        return None
    return Section("taught", "What the data could and could not teach", "What data taught", [*learnt, *fitted])


def _learnt(forecast: Forecast) -> list[Block]:
    table = forecast.parameters
    if table.empty or not (table["taught"] != "").any():
        return []
    many = table["taught"].value_counts()
    known, part, later = (int(many.get(word, 0)) for word in ("learned", "partly", "acts later"))
    nothing = int(many.get("not", 0))
    told = (
        f"Of {known + part + nothing} constants that act on something observed, the data narrowed {known} by two "
        "thirds or "
        f"more of the prior’s spread, {part} by a fifth or more, and {nothing} by next to nothing: these keep what was "
        "assumed of them, and decide most of what a policy does."
        + (f" {later} more act only after the last observation." if later else "")
    )
    narrowed = table[table["taught"].isin(["learned", "partly"])]
    left = (narrowed["posterior_high"] - narrowed["posterior_low"]) / (narrowed["prior_high"] - narrowed["prior_low"])
    order = narrowed.loc[left.sort_values(kind="stable").index]
    blocks: list[Block] = [Paragraph(told)]
    if len(order):
        rows = [
            [
                str(row["name"]),
                tables.with_range(row["value"], row["prior_low"], row["prior_high"]),
                tables.with_range(row["median"], row["posterior_low"], row["posterior_high"]),
                unit_words(str(row["unit"])),
            ]
            for row in order.head(_MOST).to_dict("records")
        ]
        header = ["Constant", "Before (90 %)", "After (90 %)", "Unit"]
        blocks.append(
            tables.Table("The constants that the data narrowed most", header, rows, frozenset({1, 2}), "learned")
        )
    return blocks


def _fit(forecast: Forecast) -> list[Block]:
    if not len(forecast.fit):
        return []
    facts = _summary(forecast.summary)
    annual = tables.annual(forecast)
    blocks: list[Block] = [Heading("How well the model fits", "fit")]
    blocks += [Facts(facts)] if facts else []
    blocks += [
        Paragraph(findings.misses(forecast)),
        Paragraph(
            "These errors are measured on the history that the constants were estimated from; they are not errors of "
            "forecasts. A discrepancy follows any counts, so that only the model alone tells how much is understood; "
            "and "
            "annual error alone does not tell a right model from a wrong one."
        ),
    ]
    blocks += [Figure(drawing.months(forecast))] if counted_there(forecast) else []
    blocks += [Folded(f"All {len(forecast.fit)} targets", [replace(tables.fit(forecast), name="fit")])]
    blocks += [Figure(drawing.targets(forecast))] if len(forecast.targets) else []
    blocks += [Folded("Deaths by year, counted and modelled", [replace(annual, name="annual")])] if annual else []
    return blocks


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
