"""Which structures a forecast is made from, what each says alone, and how policies fare in each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.numbers import signed, together
from sdforecast.reporting import drawing, words
from sdforecast.reporting.content import Block, Figure, Paragraph, Section, Strong
from sdforecast.reporting.tables import Table

_YEARS = (2027, 2030, 2035)


def section(forecast: Forecast) -> Section | None:
    """Return what each structure says; None for a forecast of one."""
    if len(forecast.structures) < 2 or series.DEATHS not in forecast.trajectories:
        return None
    listed = forecast.structures.to_dict("records")
    blocks: list[Block] = [
        Paragraph(
            "Models that fit the past equally well may part where nobody has counted yet. The ranges of this report "
            f"mix the draws of {words.how_many(len(listed))} structures, by weights that are judgement and were set "
            "before the mixture was scored. They are not probabilities that a structure is true."
        ),
        *(Paragraph([Strong(f"{row['title']}"), f" ({100 * row['weight']:.0f} % of draws). {row['about']}"])
          for row in listed),
        Figure(drawing.structures(forecast)),
        _levels(forecast),
    ]  # fmt: skip
    if series.others(forecast):
        blocks += [
            Paragraph(
                "Where deaths do not wait for supply, no policy on supply can avert them: whether they do decides the "
                "comparison of such policies, and the counts so far do not decide it. A structure without policies "
                "of its own takes over what they do in a draw of another one, as a factor."
            ),
            _differences(forecast),
        ]
    return Section("structures", "What each structure says alone", "Structures", blocks)


def _levels(forecast: Forecast) -> Table:
    years = series.yearly(forecast.trajectories[series.DEATHS].sel(scenario=[forecast.reference]))
    shown = [year for year in _YEARS if year in years["year"].to_numpy()]
    rows = []
    for title, deaths in _each(forecast):
        yearly = series.yearly(deaths.sel(scenario=[forecast.reference])).isel(scenario=0)
        cells = []
        for year in shown:
            values = yearly.sel(year=year).to_numpy()
            inside = words.draws_range(values)
            cells.append(words.count(float(np.median(values))) + (f" ({inside})" if inside else ""))
        rows.append([title, *cells])
    caption = "Deaths a year, policies as they are. Median (90 % range)."
    numeric = frozenset(range(1, len(shown) + 1))
    return Table(caption, ["Structure", *map(str, shown)], rows, numeric, name="structures")


def _differences(forecast: Forecast) -> Table:
    """Return the difference of each policy mix from the reference, as each structure has it."""
    first, last = series.compared_years(forecast)
    titles, names = series.titles(forecast), series.others(forecast)
    rows = []
    for title, deaths in _each(forecast):
        totals = series.yearly(deaths).sel(year=slice(first, last)).sum("year")
        base = totals.sel(scenario=forecast.reference).to_numpy()
        for name in names:
            gap = totals.sel(scenario=name).to_numpy() - base
            low, middle, high = together(*np.quantile(gap, (words.OUTER[0], 0.5, words.OUTER[1])).tolist())
            inside = f"{signed(low)} to {signed(high)}" if len(gap) > 1 else "–"
            rows.append([titles[name], title, signed(middle), inside])
    rows.sort(key=lambda row: [titles[name] for name in names].index(row[0]))  # what is compared stands together
    caption = f"Difference in deaths from “{titles[forecast.reference]}”, {first}–{last}. Median (90 % range)."
    header = ["Policy mix", "Structure", "Difference", "90 % range"]
    return Table(caption, header, rows, frozenset({2, 3}), name="structures-differences")


def _each(forecast: Forecast) -> Iterator[tuple[str, xr.DataArray]]:
    """Yield title and deaths of every structure, and of all together."""
    for row in forecast.structures.to_dict("records"):
        yield str(row["title"]), forecast.structure(str(row["name"])).trajectories[series.DEATHS]
    yield "All together", forecast.trajectories[series.DEATHS]
