"""The search finds what is known to be there, and not what is not."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.parameters import Parameter
from sdforecast.validation.neutrality import draws
from tests.validation.conftest import Broken

SEARCH = """parameters: parameters.toml
neutrality: {cumulative: cumulative dying, from: 5, to: 30, draws: 64, instruments: [cure, harm]%s}
boundary:
"""


def _search(validated: Broken, more: str = "") -> dict[str, object]:
    return dict(validated(checks=(("\nboundary:\n", "\n" + SEARCH % more),), only="neutrality"))


def test_a_cure_that_may_do_harm_is_found_both_ways(validated: Broken) -> None:
    cure = _search(validated)["cure"]
    assert cure.outcome == "passed"  # type: ignore[attr-defined]
    numbers = cure.numbers  # type: ignore[attr-defined]
    assert numbers["lowers"]["effect"] < 0 and numbers["lowers"]["setting"] == {}
    assert numbers["does_not_lower"]["setting"] == {"cure strength": -0.2}


def test_a_harm_without_a_good_side_is_not(validated: Broken) -> None:
    harm = _search(validated)["harm"]
    assert harm.outcome == "failed"  # type: ignore[attr-defined]
    assert "not found: lowers" in harm.note  # type: ignore[attr-defined]


def test_a_documented_exception_is_let_pass(validated: Broken) -> None:
    harm = _search(validated, ", one_sided: {harm: {never: lowers, why: it only harms}}")["harm"]
    assert harm.outcome == "passed"  # type: ignore[attr-defined]
    assert "it only harms" in harm.note  # type: ignore[attr-defined]


def test_a_region_of_harm_may_be_asked_for(validated: Broken) -> None:
    found = _search(validated, ", both_regions: [cure]")["cure"].numbers  # type: ignore[attr-defined]
    assert found["does_not_lower"]["effect"] > 0.001


@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_draws_stay_in_their_ranges_and_fill_them(distribution: str) -> None:
    one = Parameter("x", "Dmnl", "assumption", 2.0, distribution, 0.5, 1.0, 4.0, "", "judgement")
    values = draws([one, one], 256)
    assert values.shape == (256, 2)
    assert values.min() >= 1 and values.max() <= 4
    even = np.sort(values[128:, 0])
    wanted = np.log([1.0, 4.0]) if distribution == "lognormal" else np.array([1.0, 4.0])
    scaled = (np.log(even) if distribution == "lognormal" else even) - wanted[0]
    np.testing.assert_allclose(scaled / (wanted[1] - wanted[0]), np.linspace(0, 1, 128), atol=0.02)
    assert values[:128].std() < values[128:].std()
