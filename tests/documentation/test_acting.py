"""Where instruments act: against what changes in a run when an instrument is raised, and against small equations."""

import pandas as pd
import pytest

from sdforecast.documentation.acting import Action, actions
from sdforecast.engine.once import once


def test_what_multiplies_an_instrument_is_named(written):
    subject = written(
        """
        lever = Time / 24
        strength = 2
        rate = 3
        place = 1 + strength * lever + rate
        """,
        ["lever"],
    )
    assert actions(subject, "lever") == [Action("place", ("strength",), ())]


def test_numbers_in_an_equation_are_told(written):
    subject = written("lever = Time / 24\nbase = 4\nplace = base * (1 - 0.7 * lever * (0.3 + base))", ["lever"])
    assert actions(subject, "lever") == [Action("place", (), ("0.7",))]


def test_the_outer_product_counts_where_the_inner_has_nothing(written):
    subject = written("lever = Time / 24\nrate = 3\nstock = INTEG(-rate * stock * (0.5 + lever), 1)", ["lever"])
    assert actions(subject, "lever") == [Action("stock", ("rate",), ())]


def test_a_delay_is_passed_through(written):
    subject = written(
        """
        lever = Time / 12
        delay = 6
        reach = 0.1
        capacity = INTEG((lever - capacity) / delay, 0)
        base = INTEG(1, 1)
        place = base * (1 - reach * capacity)
        """,
        ["lever"],
    )
    assert actions(subject, "lever") == [Action("place", ("delay", "reach"), ())]


@pytest.mark.parametrize("name", ["vehicle searches", "moud"])
def test_raising_an_instrument_moves_where_it_is_said_to_act_first(subject, name):
    places = [action.on for action in actions(subject, name)]
    low = once(subject.model, {name: pd.Series([0.2, 0.2, 0.2], index=[0.0, 11.0, 12.0])}, places, until=13)
    high = once(subject.model, {name: pd.Series([0.2, 0.2, 0.9], index=[0.0, 11.0, 12.0])}, places, until=13)
    for place in places:
        assert abs(high[place] - low[place]).max() > 0, place


def test_every_instrument_acts_somewhere(subject):
    for name in subject.instruments:
        assert actions(subject, name), name


def test_a_net_flow_stands_for_its_stock(written):
    subject = written(
        """
        lever = Time / 12
        base = INTEG(1, 1)
        reach = 0.1
        trust = INTEG(change in trust, 0)
        change in trust = reach * lever * base - trust
        place = trust * base
        """,
        ["lever"],
    )
    assert actions(subject, "lever") == [Action("trust", ("reach",), ())]
