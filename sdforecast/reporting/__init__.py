"""What is published of a forecast or of a back-test: a page, files for paper, figures and their data."""

from sdforecast.reporting.making import Made, make
from sdforecast.reporting.recipe import Recipe
from sdforecast.reporting.skill import HOLDS as HOLDS_SKILL
from sdforecast.reporting.skill import past
from sdforecast.reporting.skill import write as write_skill
from sdforecast.reporting.writing import HOLDS, Setting, variables, write

__all__ = [
    "HOLDS",
    "HOLDS_SKILL",
    "Made",
    "Recipe",
    "Setting",
    "make",
    "past",
    "variables",
    "write",
    "write_skill",
]
