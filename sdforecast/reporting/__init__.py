"""What is published of a forecast or of a back-test: a page, files for paper, figures and their data."""

from sdforecast.reporting.inline import Report
from sdforecast.reporting.making import Made, make
from sdforecast.reporting.paper import write as on_paper
from sdforecast.reporting.recipe import Recipe
from sdforecast.reporting.skill import HOLDS as HOLDS_SKILL
from sdforecast.reporting.skill import past
from sdforecast.reporting.skill import write as write_skill
from sdforecast.reporting.writing import HOLDS, Setting, setting, shown, variables, write

__all__ = [
    "HOLDS",
    "HOLDS_SKILL",
    "Made",
    "Recipe",
    "Report",
    "Setting",
    "make",
    "on_paper",
    "past",
    "setting",
    "shown",
    "variables",
    "write",
    "write_skill",
]
