"""How to integrate is a choice of a run, and its error is what the theory says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sdforecast.engine.once import once
from sdforecast.errors import InputError
from tests.validation.conftest import Broken, small


def _exact() -> float:
    def rates(_: float, y: np.ndarray) -> list[float]:
        infection = 0.5 * y[0] * y[1] / 1000
        return [-infection, infection - 0.12 * y[1]]

    return float(solve_ivp(rates, (0, 20), [990, 10], rtol=1e-11, atol=1e-9).y[1, -1])


def test_runge_kutta_is_of_fourth_order_and_euler_of_first(files: Path) -> None:
    exact = _exact()

    def error(step: float, integration: str) -> float:
        run = once(small(files), {"TIME STEP": step}, ["Ill"], until=20, integration=integration)
        return abs(float(run["Ill"][-1]) - exact)

    assert error(0.5, "euler") / error(0.25, "euler") == pytest.approx(2, rel=0.2)
    assert error(0.5, "rk4") / error(0.25, "rk4") == pytest.approx(16, rel=0.3)
    assert error(0.25, "rk4") < 1e-3 < error(0.25, "euler")


def test_a_file_is_integrated_as_it_says_where_nothing_is_asked(files: Path) -> None:
    plain, euler = (once(small(files), {}, ["Ill"], integration=how)["Ill"].to_numpy() for how in ("", "euler"))
    np.testing.assert_array_equal(plain, euler)


def test_an_unknown_method_is_told(files: Path) -> None:
    with pytest.raises(InputError, match="euler or rk4"):
        once(small(files), integration="rk45")


def test_pysd_has_no_runge_kutta(files: Path) -> None:
    with pytest.raises(InputError, match="Euler's method only"):
        once(small(files), engine="pysd", integration="rk4")


def test_the_error_of_a_long_step_is_measured(validated: Broken) -> None:
    found = validated(("TIME STEP = 0.015625", "TIME STEP = 0.5"), only="integration")
    change = found["half-step"].numbers
    assert found["half-step"].outcome == found["euler-runge-kutta"].outcome == "failed"
    assert change["worst"] > 0.01 and abs(change["cumulative"]) < change["worst"]  # type: ignore[arg-type,operator]
