"""Policy mixes: what a scenario file says, whether it is right, and the levels that follow from it."""

from sdforecast.scenario.checking import LAST_OBSERVED, Finding, check
from sdforecast.scenario.describing import ChangeInWords, describe, yearly
from sdforecast.scenario.finding import locate, shipped
from sdforecast.scenario.instruments import Instrument, instrument_history, instrument_ids, instruments
from sdforecast.scenario.levels import CONSENT, history_levels, levels
from sdforecast.scenario.reading import read
from sdforecast.scenario.resolving import load, load_all, resolve
from sdforecast.scenario.schema import InstrumentChange, Scenario, json_schema

__all__ = [
    "CONSENT",
    "LAST_OBSERVED",
    "ChangeInWords",
    "Finding",
    "Instrument",
    "InstrumentChange",
    "Scenario",
    "check",
    "describe",
    "history_levels",
    "instrument_history",
    "instrument_ids",
    "instruments",
    "json_schema",
    "levels",
    "load",
    "load_all",
    "locate",
    "read",
    "resolve",
    "shipped",
    "yearly",
]
