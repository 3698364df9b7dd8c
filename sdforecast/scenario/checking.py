"""Rules for a scenario beyond types and ranges: known instruments, the order of dates, no overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdforecast.calendar import month_label, parse_month
from sdforecast.errors import nearest
from sdforecast.scenario.instruments import instrument_ids
from sdforecast.scenario.schema import InstrumentChange, Scenario
from sdforecast.scenario.yamltree import Location, shown

LAST_OBSERVED = "2025-04"
"""Last month with observed deaths. A change that starts no later than this is counterfactual."""


@dataclass(frozen=True)
class Finding:
    """One rule that a scenario breaks: where, what, and what to do about it."""

    where: Location
    what: str
    hint: str | None = None


def check(scenario: Scenario) -> list[Finding]:
    """Return every rule that the scenario's own changes break, in their order; empty if none."""
    found = check_changes(list(enumerate(scenario.instruments)), scenario.counterfactual)
    return found + check_constants(scenario.parameters, scenario.assumptions)


def check_changes(changes: Sequence[tuple[int, InstrumentChange]], counterfactual: bool) -> list[Finding]:
    """Return the rules broken by `changes`, each given with its position in the list of the scenario."""
    known = instrument_ids()
    found: list[Finding] = []
    for position, change in changes:
        here: Location = ("instruments", position)
        found += _names(here, change, known)
        found += _dates(here, change, counterfactual)
    return found + _overlaps(changes)


def check_constants(parameters: Mapping[str, float], assumptions: Mapping[str, float]) -> list[Finding]:
    """Return where one constant is set twice, be it in another spelling or in the other list."""
    first: dict[str, tuple[str, str, float]] = {}
    found = []
    for part, values in (("parameters", parameters), ("assumptions", assumptions)):
        for name, value in values.items():
            earlier = first.setdefault(folded(name), (part, name, value))
            if earlier[:2] != (part, name):
                what = f"{shown(name)} is set twice: {earlier[2]:g} as {shown(earlier[1])} under {earlier[0]}"
                found.append(Finding((part, name), f"{what}, {value:g} here", "keep one of them"))
    return found


def folded(name: str) -> str:
    """Return the name of a constant or instrument in the form in which the model's own are compared."""
    return " ".join(name.replace("_", " ").split()).casefold()


def _names(here: Location, change: InstrumentChange, known: Sequence[str]) -> list[Finding]:
    found = []
    if change.instrument not in known:
        what = f"unknown instrument {shown(change.instrument)}"
        found.append(Finding((*here, "instrument"), what, nearest(change.instrument, known)))
    if change.consent is not None and change.instrument != "military_action":
        what = f"consent is only for military_action, not for {shown(change.instrument)}"
        found.append(Finding((*here, "consent"), what, "remove the line"))
    return found


def _dates(here: Location, change: InstrumentChange, counterfactual: bool) -> list[Finding]:
    found = []
    if change.start <= LAST_OBSERVED and not counterfactual:
        what = f"start {change.start} is not after the last observation, {LAST_OBSERVED}"
        hint = "start later, or say 'counterfactual: true'"
        found.append(Finding((*here, "start"), what, hint))
    if change.end is not None and change.end < change.start:
        found.append(Finding((*here, "end"), f"end {change.end} comes before start {change.start}"))
    elif change.released is not None and change.released < change.reached:
        # Such a change would never have the intensity that the file says.
        what = f"end {change.end} comes before the ramp is complete"
        hint = f"the earliest end is {month_label(change.reached - 1)}; or shorten ramp_months"
        found.append(Finding((*here, "end"), what, hint))
    return found


def _overlaps(changes: Sequence[tuple[int, InstrumentChange]]) -> list[Finding]:
    found = []
    ordered = sorted(changes, key=lambda item: (item[1].first, item[0]))
    held: dict[str, InstrumentChange] = {}
    for position, change in ordered:
        earlier = held.get(change.instrument)
        if earlier is not None and (earlier.end is None or parse_month(earlier.end) >= change.first):
            until = "has no end" if earlier.end is None else f"ends with {earlier.end}"
            what = f"{change.instrument} changes twice at once: the change from {earlier.start} {until}"
            hint = f"end that one by {month_label(change.first - 1)}" if earlier.start < change.start else "merge them"
            found.append(Finding(("instruments", position, "start"), what, hint))
        held[change.instrument] = change
    return found
