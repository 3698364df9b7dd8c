"""Draws of constants as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine.members import Draws, run_members
from sdforecast.errors import InputError
from tests.engine.conftest import Write
from tests.small import exponential, small

RATES = np.linspace(0.0, 0.05, 13)
ONE = Draws(("growth rate",), RATES[:, None])


def test_every_member_has_its_closed_form() -> None:
    times, values = run_members(small("growth.mdl"), ["Population", "births"], ONE)
    assert times.tolist() == list(range(41))
    expected = np.stack([exponential(times, 100, rate, 0.125) for rate in RATES])
    np.testing.assert_allclose(values[..., 0], expected, rtol=1e-12)
    np.testing.assert_allclose(values[..., 1], expected * RATES[:, None], rtol=1e-12)


def test_pysd_gives_the_same() -> None:
    options = {"fixed": {"half life": 3.0}, "until": 12.0}
    draws = Draws(
        ("growth rate",), RATES[:3, None], {"initial population": (np.array([0.0]), np.array([[1.0], [2], [3]]))}
    )
    ours = run_members(small("growth.mdl"), ["Population", "Drug_left"], draws, engine="compiled", **options)
    theirs = run_members(small("growth.mdl"), ["Population", "Drug_left"], draws, engine="pysd", **options)
    assert ours[0].tolist() == theirs[0].tolist() == list(range(13))
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_member_alone_has_the_same_bits(threads: int) -> None:
    _, many = run_members(small("growth.mdl"), ["Population"], ONE, threads=threads)
    for k in (0, 5, 12):
        _, alone = run_members(small("growth.mdl"), ["Population"], Draws(ONE.names, ONE.values[k : k + 1]))
        _, told = run_members(
            small("growth.mdl"), ["Population"], Draws((), np.zeros((1, 0))), fixed={"growth rate": RATES[k]}
        )
        assert many[k].tobytes() == alone[0].tobytes() == told[0].tobytes()


def test_draws_count_more_than_what_is_shared_and_that_more_than_series() -> None:
    series = {name: pd.Series([9.0, 9.0], index=[0.0, 1.0]) for name in ("growth rate", "half life", "births")}
    fixed = {"growth rate": 5.0, "half life": 4.0}
    _, values = run_members(
        small("growth.mdl"), ["growth rate", "half life", "births"], ONE, fixed=fixed, series=series
    )
    np.testing.assert_array_equal(values[:, 3], np.stack([RATES, np.full(13, 4.0), np.full(13, 9.0)], axis=1))


def test_draws_over_time_are_linear_between_their_points_and_flat_outside() -> None:
    knots, levels = np.array([2.0, 6.0]), np.array([[1.0, 5.0], [4.0, 0.0]])
    draws = Draws((), np.zeros((2, 0)), {"births": (knots, levels)})
    times, values = run_members(small("growth.mdl"), ["births", "Population"], draws, until=10.0)
    for m in range(2):
        np.testing.assert_allclose(values[m, :, 0], np.interp(times, knots, levels[m]), rtol=1e-14, atol=1e-14)
        flow = np.interp(np.arange(0, 10, 0.125), knots, levels[m])
        np.testing.assert_allclose(values[m, -1, 1], 100 + flow.sum() * 0.125, rtol=1e-13)


def test_a_name_stands_for_all_cells_and_a_key_for_one() -> None:
    def left(names: tuple[str, ...], values: list[list[float]]) -> np.ndarray:
        draws = Draws(names, np.array(values))
        return run_members(small("regions.mdl"), ["Stock[North]", "Stock[South]"], draws)[1][:, -1]

    def after(*loss: float) -> list[float]:
        return [100 * (1 - one / 16) ** 320 for one in loss]

    np.testing.assert_allclose(left(("loss",), [[0.0], [0.2]]), [after(0, 0), after(0.2, 0.2)])
    np.testing.assert_allclose(left(("loss[North]",), [[0.0], [0.3]]), [after(0, 0.2), after(0.3, 0.2)])


def test_an_element_that_is_no_constant_leaves_the_others_alone(write: Write) -> None:
    model = write("Place: here, there\nx[Place] = Time * 2")
    _, values = run_members(model, ["x[here]", "x[there]"], Draws(("x[here]",), np.array([[7.0], [8.0]])))
    assert values[:, -1].tolist() == [[7, 16], [8, 16]]
    over_time = Draws((), np.zeros((1, 0)), {"x[there]": (np.array([0.0, 8.0]), np.array([[0.0, 4.0]]))})
    assert run_members(model, ["x[here]", "x[there]"], over_time)[1][0, -1].tolist() == [16, 4]


def test_it_writes_into_an_array_of_the_callers() -> None:
    out = np.full((13, 41, 1), np.nan)
    _, values = run_members(small("growth.mdl"), ["Population"], ONE, out=out)
    assert np.shares_memory(out, values)
    assert out.tobytes() == run_members(small("growth.mdl"), ["Population"], ONE)[1].tobytes()


def test_reciprocals_are_near_and_told_members_add_up() -> None:
    told: list[int] = []
    draws = Draws(("half life",), np.linspace(1.0, 9.0, 50)[:, None])
    _, fast = run_members(small("growth.mdl"), ["Drug_left"], draws, fast=True, advance=told.append)
    _, strict = run_members(small("growth.mdl"), ["Drug_left"], draws)
    np.testing.assert_allclose(fast, strict, rtol=1e-12)
    assert sum(told) == 50


@pytest.mark.parametrize("engine", ["compiled", "pysd"])
@pytest.mark.parametrize("name", ["FINAL TIME", "SAVEPER"])
def test_members_save_the_same_rows(name: str, engine: str) -> None:
    draws = Draws((name,), np.array([[4.0], [8.0]]))
    with pytest.raises(InputError, match=f"'{name}' cannot differ between members"):
        run_members(small("growth.mdl"), ["Population"], draws, engine=engine)


@pytest.mark.parametrize(
    ("draws", "fixed", "message"),
    [
        (Draws(("growth rat",), np.ones((2, 1))), {}, "did you mean 'growth rate'"),
        (ONE, {"half lif": 1.0}, "did you mean 'half life'"),
        (Draws(("growth rate[a]",), np.ones((2, 1))), {}, "no 'growth rate\\[a\\]' \\(it has no subscripts"),
    ],
)
def test_keys_that_are_not_there(draws: Draws, fixed: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_members(small("growth.mdl"), ["Population"], draws, fixed=fixed)


def test_pysd_cannot_draw_one_element() -> None:
    with pytest.raises(InputError, match="PySD cannot override one element"):
        run_members(small("regions.mdl"), ["whole"], Draws(("loss[North]",), np.ones((1, 1))), engine="pysd")
