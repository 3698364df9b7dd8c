"""The file of hindsight: what it must name, and what it does to the priors."""

import re
from pathlib import Path

import pytest

from sdforecast import parameters
from sdforecast.backtesting import dates, hindsight
from sdforecast.errors import InputError


def by_name(month: str) -> dict[str, parameters.Parameter]:
    return {each.name: each for each in hindsight.load().priors(parameters.load(), dates.origin_of(month))}


def test_what_was_fitted_to_the_same_history_is_wider_at_every_origin() -> None:
    """A centre that an earlier model learnt from the outcomes must not enter a back-test as it stands."""
    table = parameters.load()
    fitted = [p for p in table if re.search("fitted to (the same history|regional shares)", p.source)]
    assert len(fitted) >= 12
    told = hindsight.load().at(dates.origin_of("2017-12"))
    assert [p.name for p in fitted if p.name not in told] == []


def test_the_shock_is_unknown_before_it_could_be_dated() -> None:
    told = hindsight.load()
    assert [told.held(origin).get("supply shock size") for origin in dates.origins()] == [0.0] * 14 + [None]
    later = by_name("2024-12")["supply shock size"]
    assert (later.value, later.spread) == (0.5, 0.8)


def test_after_the_last_month_of_hindsight_nothing_is_changed() -> None:
    table = parameters.load()
    assert hindsight.load().priors(table, dates.origin_of("2025-12")) == table


def test_a_wider_prior_keeps_centre_and_stretches_bounds() -> None:
    shipped, found = {p.name: p for p in parameters.load()}["break even dose"], by_name("2020-06")["break even dose"]
    assert (found.value, found.spread) == (shipped.value, 2 * shipped.spread)
    assert found.bounds == pytest.approx(shipped.bounds)  # as many of its own spreads away


@pytest.mark.parametrize("origin", [f"{day:%Y-%m}" for day in dates.origins()])
def test_priors_are_possible(origin: str) -> None:
    for each in by_name(origin).values():
        assert each.low <= each.value <= each.high
        assert each.distribution != "lognormal" or each.low > 0


def test_years_of_sources() -> None:
    found = hindsight.newest_source(parameters.load())
    assert found.loc["supply shock size", "newest"] == 2026
    assert found["free"].sum() > 250
    assert found["newest"].isna().any()


RULE = '[[input]]\nname = "x"\nknown_after_months = 0\nafterwards = "hold"\nwhy = "w"\n'
CONSTANT = '[[constant]]\nname = "x"\nbefore = "2020-01"\nheld = 0\nwhy = "w"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULE.replace("hold", "holt"), "'holt' is no way to go on"),
        (RULE.replace("hold", "decay"), "'half_life' belongs to decay and damped"),
        (RULE + "half_life = 3\n", "'half_life' belongs to decay and damped"),
        (RULE.replace("= 0", "= 1.5"), "'known_after_months' is not a whole number"),
        (RULE.replace("= 0", "= true"), "'known_after_months' is not a whole number"),
        (RULE.replace('why = "w"', ""), "'why' is missing"),
        (RULE.replace("why", "wy"), "unknown key 'wy'"),
        (CONSTANT.replace("held = 0", ""), "says neither or both"),
        (CONSTANT + "spread_times = 2\n", "says neither or both"),
        (CONSTANT.replace("held = 0", "spread_times = -1"), "'spread_times' is not above zero"),
        (CONSTANT.replace("held = 0", "held = nan"), "'held' is not a finite number"),
        (CONSTANT.replace("2020-01", "2020"), "'before' is not a month"),
        (CONSTANT.replace("[[constant]]", "[constant]"), "'constant' is not a list of tables"),
        ("[[constants]]\n", "unknown entry 'constants'"),
    ],
)
def test_a_bad_file(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "hindsight.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        hindsight.load(file)
    assert expected in str(caught.value)


def test_an_unknown_constant_is_told(tmp_path: Path) -> None:
    file = tmp_path / "hindsight.toml"
    file.write_text(CONSTANT.replace('"x"', '"supply shock sise"'))
    with pytest.raises(InputError, match="did you mean 'supply shock size'"):
        hindsight.load(file).priors(parameters.load(), dates.origin_of("2019-12"))
