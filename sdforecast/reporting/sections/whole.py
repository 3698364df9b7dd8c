"""A forecast and what goes with it as the content of a whole report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import Forecast
from sdforecast.issuing import Since
from sdforecast.plot import series
from sdforecast.reporting import findings, words
from sdforecast.reporting.content import Content, Section, Strong, Words
from sdforecast.reporting.sections import (
    answer,
    comparison,
    data,
    limits,
    model,
    past,
    sectors,
    since,
    structures,
    taught,
)

HELP: Words = (
    Strong("Help."),
    " If you or someone you know is in crisis or uses drugs and wants support: in the United States call or text ",
    Strong("988"),
    ", or call SAMHSA’s helpline, ",
    Strong("1-800-662-4357"),
    ", free and confidential, day and night. In an emergency call 911 in the United States or Canada, 112 in the "
    "European "
    "Union.",
)


@dataclass(frozen=True)
class Extras:
    """What a report may have beside its forecast: how past forecasts did, what changed since an earlier report."""

    past: Backtest | None = None
    since: Since | None = None
    title: str = ""
    authors: Sequence[str] = ()


def content(forecast: Forecast, extras: Extras | None = None) -> Content:
    """Return the content of a report, in the order of the reader: the answer first, the record last."""
    extras = extras or Extras()
    deaths = series.DEATHS in forecast.trajectories
    end = words.month(str(forecast.trajectories["time"].to_numpy()[-1]))
    title = extras.title or f"Scenario projection of deaths involving synthetic opioids in the United States, to {end}"
    headline = findings.headline(forecast) if deaths else []
    parts: list[Section | None] = [
        answer.section(forecast, headline),
        since.section(extras.since) if extras.since is not None else None,
        comparison.section(forecast) if deaths and series.others(forecast) else None,
        comparison.conditions(forecast),
        structures.section(forecast),
        sectors.section(forecast),
        past.section(forecast, extras.past) if extras.past is not None else None,
        taught.section(forecast),
        model.section(forecast),
        limits.section(forecast),
        data.sources(forecast),
        data.again(forecast, title, extras.authors),
    ]
    return Content(
        title=title,
        dateline=_dateline(forecast),
        authors=tuple(extras.authors),
        description=" ".join(headline),
        headline=headline,
        sections=[part for part in parts if part is not None],
        brief=answer.brief(forecast, headline, extras.past),
        help=HELP,
    )


def _dateline(forecast: Forecast) -> str:
    manifest = forecast.manifest
    counted = len(series.counted(forecast, "month")) > 0
    seen = f"Counts to {words.month(series.last_counted(forecast))}, data" if counted else "Data"
    vintage = str(manifest.get("data_vintage", "not stated"))
    made = str(manifest.get("created", ""))[:10]
    return f"{seen} of vintage {vintage}. Made on {made} with sdforecast {manifest.get('sdforecast', '')}."
