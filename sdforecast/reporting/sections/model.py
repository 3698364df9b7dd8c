"""The model: its boundary, its constants with their sources, what comes from outside."""

from __future__ import annotations

from dataclasses import replace

from sdforecast.forecasting import Forecast
from sdforecast.reporting import tables
from sdforecast.reporting.content import Block, Folded, Heading, Paragraph, Section, Strong


def section(forecast: Forecast) -> Section:
    """Return the assumptions by the kind of knowledge behind them, and the inputs from outside."""
    blocks: list[Block] = [
        Paragraph(
            "The model is one Vensim file of stocks and flows for the country as a whole, from precursor chemicals "
            "to deaths. "
            "Sellers, producers, smugglers and people who use drugs respond to prices, risk and each other inside it; "
            "policies, prescribing and what else is on the market come from outside; age, place, and single "
            "organisations "
            "are left out."
        ),
        Heading("Assumptions", "assumptions"),
        Paragraph(
            [
                "Every constant by the kind of knowledge behind it: the prior with its central 90 %, the median of "
                "the draws "
                "with theirs, and what the data taught of it (learned: two thirds of the prior’s spread are gone; "
                "partly: a "
                "fifth; not; or it acts later than all data and keeps its prior). Grades: ",
                Strong("seen"),
                ", read in the named source; ",
                Strong("derived"),
                ", computed from it; ",
                Strong("memory"),
                ", quoted and still to be checked; ",
                Strong("judgement"),
                ", ours.",
            ]
        ),
    ]
    parts = tables.assumptions(forecast)
    for k, (_, part) in enumerate(parts, 1):
        blocks.append(Folded(part.caption, [replace(part, name=f"assumptions-{k}")], page_only=True))
    if not parts:
        blocks.append(Paragraph("No table of constants came with this model."))
    blocks.append(Heading("Inputs from outside the model"))
    outside = tables.exogenous(forecast)
    if outside is not None:
        told = (
            "No series of deaths, of risk of death or of shares of deaths is fed in. What is fed in, beside the "
            "instruments:"
        )
        summary = f"{outside.caption} ({len(outside.rows)})"
        blocks += [Paragraph(told), Folded(summary, [replace(outside, name="inputs")], page_only=True)]
    else:
        blocks.append(Paragraph("The model marks none of its variables as such."))
    return Section("model", "The model and its assumptions", "Model", blocks)
