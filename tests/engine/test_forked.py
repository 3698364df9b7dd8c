"""Cases that part at a fork give what whole runs give, to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine.forked import Case, Forked
from sdforecast.engine.members import Draws, run_members
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from tests.small import exponential, small

RATES = np.linspace(0.01, 0.05, 11)
COLUMNS = ("Population", "births", "Drug_left")
DRAWS = Draws(("growth rate",), RATES[:, None])


def level(before: float, after: float) -> pd.Series:
    """Return a half life over time that changes between 10 and 11."""
    return pd.Series([before, before, after], index=[0.0, 10.0, 11.0])


CASES = (
    Case({}, {"half life": level(4, 4)}),
    Case({}, {"half life": level(4, 9)}),
    Case({}, {"half life": level(3, 9)}),  # another past
    Case({"initial population": 7.0}, {"half life": level(4, 9)}),
    Case({"growth rate": 0.02}, {"half life": level(4, 9)}),  # counts before the draws
)


def asked(model: ModelFile, cases: tuple[Case, ...] = CASES, fork: int = 10, **more: object) -> Forked:
    """Return the question of this module."""
    return Forked(model, COLUMNS, cases, DRAWS.names, tuple(DRAWS.series), fork, 20, **more)  # type: ignore[arg-type]


def whole(model: ModelFile, case: Case) -> np.ndarray:
    """Return whole runs of a case."""
    given = {name: value for name, value in case.fixed.items() if name != "growth rate"}
    values = np.full_like(DRAWS.values, case.fixed["growth rate"]) if "growth rate" in case.fixed else DRAWS.values
    return run_members(model, COLUMNS, Draws(DRAWS.names, values), fixed=given, series=case.series, until=20.0)[1]


@pytest.mark.parametrize("fork", [0, 10, 20])
def test_the_bits_are_those_of_whole_runs(fork: int) -> None:
    model = small("growth.mdl")
    found = asked(model, fork=fork).run(DRAWS)
    assert found.shape == (11, 5, 21 - fork, 3)
    for k, case in enumerate(CASES):
        assert found[:, k].tobytes() == np.ascontiguousarray(whole(model, case)[:, fork:]).tobytes()
    np.testing.assert_allclose(
        found[:, 0, :, 0], [exponential(np.arange(fork, 21.0), 100, rate, 0.125) for rate in RATES], rtol=1e-12
    )


def test_a_common_past_is_run_once_and_another_is_not_taken_for_it() -> None:
    assert asked(small("growth.mdl")).pasts == [0, 0, 2, 3, 4]


def test_members_do_not_depend_on_who_runs_beside_them() -> None:
    knots, rng = np.array([0.0, 3.0, 12.0]), np.random.default_rng(1)
    own = rng.uniform(2, 9, (11, 3))
    draws = Draws(DRAWS.names, DRAWS.values, {"half life": (knots, own)})
    question = Forked(small("growth.mdl"), COLUMNS, (Case({}, {}),), draws.names, ("half life",), 10, 20)
    together = question.run(draws, threads=2)
    for rows in (slice(0, 1), slice(1, 9), slice(9, 11)):
        alone = question.run(Draws(draws.names, draws.values[rows], {"half life": (knots, own[rows])}))
        assert alone.tobytes() == together[rows].tobytes()
    _, reference = run_members(small("growth.mdl"), COLUMNS, draws, until=20.0)
    np.testing.assert_allclose(together[:, 0], reference[:, 10:], rtol=1e-13)


def test_another_step_and_method_are_those_asked_for() -> None:
    found = asked(small("growth.mdl"), step=0.5, integration="rk4").run(DRAWS)
    np.testing.assert_allclose(found[:, 0, -1, 0], 100 * np.exp(20 * RATES), rtol=1e-6)


def test_pysd_runs_every_case_whole() -> None:
    few = Draws(DRAWS.names, DRAWS.values[:2])
    cases = CASES[:2]
    ours = asked(small("growth.mdl"), cases).run(few)
    theirs = asked(small("growth.mdl"), cases, engine="pysd").run(few)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_an_unknown_column_is_told() -> None:
    question = Forked(small("growth.mdl"), ("Popullation",), CASES, DRAWS.names, (), 10, 20)
    with pytest.raises(InputError, match="Popullation"):
        question.check()
