"""An input of a sector of the shipped model that history tells of."""

from __future__ import annotations

from sdforecast.model import read
from sdforecast.model.sectors import names
from sdforecast.sectors import boundary, observed


def observed_input() -> tuple[str, str, tuple[str, str]]:
    """Return a sector, one of its inputs, and the first and last month of what was observed of it."""
    model = read()
    return next(
        (sector, name, observed.span(rows))
        for sector in names(model.variables)
        for name, rows in observed.periods(list(boundary(model, sector).inputs)).items()
        if (rows["kind"] == "level").all()
    )
