"""The answer: two sentences, one figure, and what to know before the numbers are used. And the one page of it all."""

from __future__ import annotations

from collections.abc import Sequence

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.sectors import left_out
from sdforecast.reporting import drawing, skill, tables
from sdforecast.reporting.content import Block, Caution, Figure, Link, Paragraph, Section, Strong, Words


def section(forecast: Forecast, headline: Sequence[str]) -> Section:
    """Return the section that a reader in a hurry reads."""
    blocks: list[Block] = [Paragraph(sentence, "answer") for sentence in headline]
    blocks += [Paragraph(sentence) for sentence in _left_out(forecast)]
    if series.DEATHS in forecast.trajectories:
        blocks.append(Figure(drawing.headline(forecast)))
    blocks.append(Caution(_cautions(forecast)))
    return Section("answer", "The answer in short", "Answer", blocks)


def brief(forecast: Forecast, headline: Sequence[str], past: Backtest | None) -> list[Block]:
    """Return the blocks of the one-page brief: the answer, its figure, the comparison, what it is worth."""
    blocks: list[Block] = [Paragraph(sentence, "answer") for sentence in headline]
    if series.DEATHS in forecast.trajectories:
        blocks.append(Figure(drawing.headline(forecast)))
        if series.others(forecast):
            blocks.append(tables.comparison(forecast))
            blocks.append(Figure(drawing.totals(forecast)))
    if past is not None:
        told = skill.in_short(past)
        blocks += [Paragraph([Strong("How past forecasts did. "), told])] if told else []
    blocks.append(Paragraph([Strong("What the ranges are. "), _ranges(forecast), " ", _CONDITION], "quiet"))
    return blocks


_CONDITION = (
    "Each policy mix is an “if”: it says what follows from it in a model with stated assumptions. None is a "
    "prediction of "
    "policy, none has a probability, and none is advice."
)


def _cautions(forecast: Forecast) -> list[Words]:
    manifest = forecast.manifest
    found: list[Words] = [
        [
            f"{_CONDITION} {_ranges(forecast)} What supply does after 2025, and how strong each policy instrument is, "
            "are "
            "assumptions: see ",
            Link("limits", "#limits"),
            ".",
        ]
    ]
    told = [*manifest.get("posterior_differs", []), *manifest.get("posterior_unsettled", [])]
    found += [[Strong("Take these numbers with care: "), f"{what}."] for what in told]
    return found


def _ranges(forecast: Forecast) -> str:
    count = series.draws(forecast)
    if count == 1:
        return "One draw was run, so no range is shown."
    carried = ", of the supply that nobody sees and of the model’s own errors, both carried on after the last month"
    return (
        f"A 90 % range holds nine in ten of {count} draws {series.drawn_from(forecast)}: what the history leaves "
        f"open of their constants{carried if forecast.manifest.get('propagated') else ''}. It is not a probability of "
        "what will happen, and the truth can lie outside."
    )


def _left_out(forecast: Forecast) -> list[str]:
    """Return what this report lacks because the trajectories lack it, one sentence each."""
    found = []
    if series.DEATHS not in forecast.trajectories:
        found.append(
            f"The model has no variable “{series.DEATHS}”: headline, comparison and fit by month are left out."
        )
    elif not series.others(forecast):
        found.append("One policy mix was run: there is no comparison.")
    found += [f"The model has none of the variables of the sector “{name}”." for name in left_out(forecast)]
    return found
