"""Why: the sectors of the model with their data."""

from __future__ import annotations

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.sectors import PANELS, shown
from sdforecast.reporting import drawing
from sdforecast.reporting.content import Block, Figure, Heading, Paragraph, Section

ABOUT = {
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


def section(forecast: Forecast) -> Section | None:
    """Return the panels of every sector that these trajectories have something of; None where they have nothing."""
    names = [name for name in PANELS if shown(forecast, name)]
    if not names:
        return None
    reference = series.titles(forecast)[forecast.reference]
    blocks: list[Block] = [
        Paragraph(
            f"Grey is “{reference}” with its range, colours are the medians of the other policy mixes, dots are "
            "observations. A monthly flow is drawn per month; where a sum over a longer period was observed, it is "
            "divided "
            "by its months. Deaths are drawn with what the model gets wrong about them, as counts would be."
        )
    ]
    for name in names:
        blocks += [Heading(name), Paragraph(ABOUT[name]), Figure(drawing.sector(forecast, name))]
    return Section("why", "Why: the sectors of the model, with their data", "Why", blocks)
