"""The data with their vintage, how to cite, and how to make the same report again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.reporting import tables, words
from sdforecast.reporting.content import Block, Code, Facts, Folded, Heading, Listing, Paragraph, Section


def sources(forecast: Forecast) -> Section:
    """Return the series of observations with owner, span, vintage and grade."""
    table, defined = tables.sources(forecast), tables.definitions(forecast)
    blocks: list[Block] = []
    if table is None:
        blocks.append(Paragraph("No history came with this forecast."))
    else:
        blocks.append(replace(table, name="sources"))
        if defined is not None:
            blocks.append(Folded(defined.caption, [replace(defined, name="definitions")], page_only=True))
    return Section("data", "The data and their vintage", "Data", blocks)


def again(forecast: Forecast, title: str, authors: Sequence[str]) -> Section:
    """Return how to cite, the command, versions and hashes."""
    manifest = forecast.manifest
    counted = len(series.counted(forecast, "month")) > 0
    to = f", counts to {words.month(series.last_counted(forecast))}" if counted else ""
    who = ", ".join(authors) or "sdforecast founders"
    cite = f"{who}: {title}{to}. sdforecast {manifest.get('sdforecast', '')}, {str(manifest.get('created', ''))[:10]}."
    blocks: list[Block] = [Paragraph(cite), Heading("The same numbers again", "again")]
    command = str(manifest.get("command", ""))
    if command.startswith("sdforecast report"):
        told = (
            "The same version and inputs give the same bytes, from the manifest beside this file or from the command:"
        )
        blocks += [Paragraph(told), Listing(f"sdforecast report --from manifest.json\n{command}")]
    else:
        blocks += [Paragraph("The same version, inputs and command give the same numbers:"), Listing(command)]
    blocks.append(
        Paragraph(
            [
                "Beside this file lie the data of every figure and table as CSV; ",
                Code("trajectories.csv"),
                ", the variables that are drawn, by month, as quantiles over the draws; and ",
                Code("manifest.json"),
                ", the record below. Any other variable of the model: ",
                Code("sdforecast run --variables"),
                ".",
            ]
        )
    )
    blocks.append(Facts(tables.facts({key: value for key, value in manifest.items() if key != "report"})))
    return Section("cite", "How to cite it, and how to make it again", "Cite and remake", blocks)
