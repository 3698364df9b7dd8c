"""What is published of a forecast or of a back-test: one page, figures, and the data of both."""

from sdforecast.reporting.skill import HOLDS as HOLDS_SKILL
from sdforecast.reporting.skill import past
from sdforecast.reporting.skill import write as write_skill
from sdforecast.reporting.writing import HOLDS, variables, write

__all__ = ["HOLDS", "HOLDS_SKILL", "past", "variables", "write", "write_skill"]
