"""How the policy mixes compare, and what each of them means."""

from __future__ import annotations

from dataclasses import replace

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.instruments import changed
from sdforecast.reporting import drawing, findings, tables
from sdforecast.reporting.content import Block, Figure, Folded, Heading, Link, Paragraph, Section, Strong


def section(forecast: Forecast) -> Section:
    """Return deaths under each policy mix against the reference."""
    first, last = series.compared_years(forecast)
    reference = series.titles(forecast)[forecast.reference]
    blocks: list[Block] = [
        Paragraph(
            f"{findings.whole_order(forecast)} All differences are between the same draw under two policy mixes, "
            f"{first}–{last}, against “{reference}”. The order says nothing about costs, other harms, rights or "
            "feasibility, "
            "and it is only as good as the assumed strength of the instruments."
        ),
        *_structures(forecast),
        replace(tables.comparison(forecast), name="comparison"),
        Figure(drawing.totals(forecast)),
        Heading("Paths"),
        Figure(drawing.medians(forecast)),
        Figure(drawing.paths(forecast)),
        Figure(drawing.by_year(forecast)),
        Folded(f"Deaths by year, {first}–{last}", [replace(tables.by_year(forecast), name="deaths-by-year")]),
    ]
    return Section("comparison", "How the policy mixes compare", "Comparison", blocks)


def _structures(forecast: Forecast) -> list[Block]:
    """Return what to know where structures are mixed that see policies otherwise."""
    if len(forecast.structures) < 2:
        return []
    said = "These differences mix structures in which deaths follow supply with one in which they do not wait for it: "
    return [Paragraph([said, Link("what each says alone", "#structures"), "."])]


def conditions(forecast: Forecast) -> Section:
    """Return what each policy mix changes."""
    blocks: list[Block] = [
        Paragraph(
            "Instruments are levels from 0 to 1. Each follows its history, keeps its last level, and moves only "
            "where a "
            "policy mix says so. The levels, those of the past included, are judgements from dated actions, never "
            "estimated "
            "from outcomes."
        )
    ]
    for scenario in forecast.scenarios:
        reference = " (the reference)" if scenario.name == forecast.reference else ""
        blocks.append(Heading(f"{scenario.title}{reference}"))
        blocks += [Paragraph(scenario.description)] if scenario.description else []
        if scenario.counterfactual:
            told = " it changes the past, so it is a question about what would have been."
            blocks.append(Paragraph([Strong("Counterfactual:"), told]))
        moved, given = tables.changes(forecast, scenario), tables.settings(scenario)
        none = Paragraph("No instrument is changed.")
        blocks.append(replace(moved, name=f"changes-{scenario.name}") if moved is not None else none)
        blocks += [replace(given, name=f"settings-{scenario.name}")] if given is not None else []
    if changed(forecast):
        blocks += [Heading("Levels by month"), Figure(drawing.levels(forecast))]
    return Section("conditions", "What each policy mix means", "Policy mixes", blocks)
