"""What a scenario is: two frozen records, from which the JSON Schema for editors is made as well.

The records check types and ranges. What needs the list of instruments, the order of dates or other files is
in :mod:`sdforecast.scenario.checking` and :mod:`sdforecast.scenario.finding`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sdforecast.calendar import parse_month
from sdforecast.scenario.instruments import instrument_ids

FIRST_MONTH = "2010-01"
"""First month of model time."""

LAST_MONTH = "2035-12"
"""Last month of model time."""

MAX_RAMP = 312
"""Longest ramp in months: the whole of model time."""


def _month(text: str) -> str:
    if not FIRST_MONTH <= text <= LAST_MONTH:
        raise ValueError(f"{text} is outside the model's time, {FIRST_MONTH} to {LAST_MONTH}")
    return text


def _printable(text: str) -> str:
    if any(not (character.isprintable() or character == "\n") for character in text):
        raise ValueError("holds control characters")
    return text


Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), AfterValidator(_month)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_printable)]
Key = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_printable)]
Number = Annotated[float, Field(allow_inf_nan=False)]

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class InstrumentChange(BaseModel):
    """One instrument moves to a new level, and back to the level held before if an end is given."""

    model_config = _STRICT

    instrument: str
    """Id of the instrument, as in the table of instruments."""

    intensity: Annotated[float, Field(ge=0, le=1)]
    """Level to reach, from 0 to 1; the table of instruments says what 0 and 1 mean."""

    start: Month
    """Month (YYYY-MM) at whose beginning the change starts."""

    ramp_months: Annotated[int, Field(ge=0, le=MAX_RAMP)] = 0
    """Months from the start until the intensity is reached, in a straight line; 0 is a step."""

    end: Month | None = None
    """Last month (YYYY-MM) in force; afterwards the level held before returns over the same ramp."""

    consent: bool | None = None
    """Whether the partner agrees; only for military_action, where leaving it out means no."""

    @property
    def first(self) -> int:
        """Model time (months) at which the change starts."""
        return parse_month(self.start)

    @property
    def reached(self) -> int:
        """Model time at which the intensity is reached."""
        return self.first + self.ramp_months

    @property
    def released(self) -> int | None:
        """Model time at which the return begins, if there is one."""
        return None if self.end is None else parse_month(self.end) + 1


class Scenario(BaseModel):
    """A policy mix: conditions under which the model is run. Not a forecast of policy and not advice."""

    model_config = _STRICT

    name: Name
    """Short name in lower case with hyphens; results are kept under it."""

    title: Line
    """Name for readers, in one line."""

    description: Annotated[str, Field(max_length=4000), AfterValidator(_printable)] = ""
    """What the mix is for, in a few sentences."""

    extends: Name | None = None
    """Another scenario whose changes, parameters and assumptions hold where this one says nothing."""

    instruments: Annotated[tuple[InstrumentChange, ...], Field(strict=False)] = ()
    """Changes of instruments. Everything else follows its history and keeps its last level."""

    parameters: dict[Key, Number] = Field(default_factory=dict)
    """Model parameters set to other values, by their names in the model."""

    assumptions: dict[Key, Number] = Field(default_factory=dict)
    """Assumptions set to other values, by their names in the model; kept apart since they are not policies."""

    counterfactual: bool = False
    """True where a change starts in the past, at or before the last observation."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file, with the ids of the shipped instruments."""
    schema = Scenario.model_json_schema()
    schema["$defs"]["InstrumentChange"]["properties"]["instrument"]["enum"] = list(instrument_ids())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
