"""The boundary of a sector: what its equations use of others, counted by hand in a small model."""

from __future__ import annotations

import pytest

from sdforecast.engine.choosing import machine
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.model.sectors import names
from sdforecast.sectors import boundary, computed
from tests.small import small


def test_stocks_and_auxiliaries_of_others_are_inputs_and_constants_are_not() -> None:
    found = boundary(small("predation.mdl"), "prey")
    assert found.sector == "Prey"
    assert dict(found.inputs) == {"Lynx": ("eaten",), "season": ("eaten",)}  # and not `catch`
    assert set(found.shown) == {"Hares", "births", "eaten"}
    assert set(found.variables) == {*found.shown, "hare birth rate", "initial hares"}


def test_what_only_an_initial_value_uses_is_an_input() -> None:
    assert dict(boundary(small("predation.mdl"), "Predators").inputs) == {"Hares": ("Lynx",), "eaten": ("lynx births",)}


def test_a_sector_without_a_stock_or_without_inputs() -> None:
    found = boundary(small("predation.mdl"), "Weather")
    assert (found.shown, dict(found.inputs)) == (("season",), {})


def test_a_view_is_a_sector() -> None:
    assert dict(boundary(small("views.mdl"), "fleet").inputs) == {"Fish": ("building",)}


def test_a_sector_of_constants_and_tables_cannot_run() -> None:
    with pytest.raises(InputError, match="nothing in sector 'Notes' changes over time"):
        boundary(small("predation.mdl"), "notes")


def test_what_follows_from_a_sector_without_a_stock_of_another_is_computed_by_it() -> None:
    model = small("predation.mdl")
    prey = boundary(model, "Prey")
    asked = ["Hares", "tracks", "memory of tracks", "seen lynx", "Lynx", "season", "catch"]
    assert computed(model, prey, asked) == ["Hares", "tracks"]
    assert computed(model, boundary(model, "Predators"), asked) == ["seen lynx", "Lynx"]


@pytest.mark.parametrize("sector", names(read().variables))
def test_with_its_inputs_given_a_sector_needs_no_stock_of_another(sector: str) -> None:
    model = read()
    found = boundary(model, sector)
    ready = machine(model).ready(found.shown, series=list(found.inputs))
    kinds = model.variables.set_index("name")["kind"]
    stocks = {name for name in found.shown if kinds[name] == "stock"}
    assert {state.name for state in ready.leveled.program.states} == stocks
