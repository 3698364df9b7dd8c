"""Figures of a forecast: one family in each module, one style, all from tidy tables that can be had beside them."""

from sdforecast.plot.comparison import by_year, by_year_data, paths, paths_data, totals, totals_data
from sdforecast.plot.fan import fan, fan_data
from sdforecast.plot.fit import months, months_data, targets, targets_data
from sdforecast.plot.instruments import instrument_levels, levels_data, scenario_levels
from sdforecast.plot.saving import to_png, to_svg
from sdforecast.plot.sectors import sector, sector_data
from sdforecast.plot.skill import (
    PERIOD_WORDS,
    by_origin,
    by_origin_data,
    coverage,
    coverage_data,
    relative,
    relative_data,
)
from sdforecast.plot.structures import structures, structures_data

__all__ = [
    "PERIOD_WORDS",
    "by_origin",
    "by_origin_data",
    "by_year",
    "by_year_data",
    "coverage",
    "coverage_data",
    "fan",
    "fan_data",
    "instrument_levels",
    "levels_data",
    "months",
    "months_data",
    "paths",
    "paths_data",
    "relative",
    "relative_data",
    "scenario_levels",
    "sector",
    "sector_data",
    "structures",
    "structures_data",
    "targets",
    "targets_data",
    "to_png",
    "to_svg",
    "totals",
    "totals_data",
]
