"""How good past forecasts were."""

from __future__ import annotations

from dataclasses import replace

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import Forecast
from sdforecast.reporting import skill
from sdforecast.reporting.content import Block, Figure, Folded, Heading, Paragraph, Section


def section(forecast: Forecast, found: Backtest) -> Section:
    """Return scores, every origin, coverage, and projections that others published."""
    told, charts = skill.section(found, str(forecast.manifest.get("model_sha256", ""))), skill.charts(found)
    blocks: list[Block] = [
        Paragraph(
            "The model was put back to past months, fitted anew to what was known in each, and run on. Beside it stand "
            "simple methods that anybody could have used on the same counts. A score below 1 is better than "
            "repeating the "
            "last count of twelve months. Origins are few and overlap: differences below 0.1 prove nothing."
        ),
        *(Paragraph(sentence) for sentence in told.finding),
        *(replace(table, name=f"skill-{k}") for k, table in enumerate(told.skill, 1)),
        Figure(charts["skill-relative"]),
        *(Paragraph(sentence) for sentence in told.said),
        Heading("Origin by origin"),
        *(Paragraph(sentence) for sentence in told.worst),
        *(Figure(charts[name]) for name in told.pictures),
        *(replace(table, name=f"skill-turns-{k}") for k, table in enumerate(told.turns, 1)),
        Heading("Coverage, bias and periods"),
        Figure(charts["skill-coverage"]),
        *(
            Folded(table.caption, [replace(table, name=f"skill-detail-{k}")], page_only=True)
            for k, table in enumerate(told.details, 1)
        ),
    ]
    if told.published is not None:
        blocks.append(Heading("Projections that others published"))
        summary = f"{len(told.published.rows)} projections, against what was counted"
        blocks.append(Folded(summary, [replace(told.published, name="published-projections")], page_only=True))
    return Section("past", "How good past forecasts were", "Past forecasts", blocks)
