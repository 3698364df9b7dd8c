"""Derivatives against closed forms, central differences and the dot-product identity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.engine.gradients import differentiable, payoff_and_gradient
from sdforecast.engine.once import once
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from tests.engine.conftest import Write
from tests.small import small

GROWTH, REGIONS, SIR = small("growth.mdl"), small("regions.mdl"), small("sir.mdl")
ROWS = np.arange(41.0)
STEPS = ROWS * 8


def last(n: int) -> np.ndarray:
    return np.eye(n)[-1]


def central(f: Callable[[float], float], at: float) -> float:
    h = max(abs(at), 1.0) * 6e-6
    return (f(at + h) - f(at - h)) / (2 * h)


class TestClosedForms:
    def test_a_rate_and_a_start(self) -> None:
        w = np.random.default_rng(1).normal(size=41)
        tangent = differentiable(GROWTH, ["Population"], parameters={"Growth_Rate": 0.02, "initial population": 100.0})
        found = tangent.pull({"Population": w}).parameters
        by_rate = 100 * STEPS * (1 + 0.02 / 8) ** (STEPS - 1) / 8
        assert found["growth rate"] == pytest.approx(w @ by_rate, rel=1e-11)
        assert found["initial population"] == pytest.approx(w @ 1.0025**STEPS, rel=1e-11)

    def test_an_initial_value(self) -> None:
        tangent = differentiable(GROWTH, ["Population"], parameters={}, initial={"population": 30.0})
        assert tangent.runs["Population"][0] == 30
        found = tangent.pull({"Population": np.ones(41)})
        assert found.initial == {"Population": pytest.approx((1.0025**STEPS).sum(), rel=1e-11)}
        assert found.parameters == {}

    def test_a_stock_and_the_constant_named_after_its_start_are_two_things(self, write: Write) -> None:
        model = write("initial A = 3\nA = INTEG(0, initial A)\nd = initial A * 2")
        assert [float(once(model, initial={"A": 10.0})[name][-1]) for name in ("A", "d")] == [10, 6]
        tangent = differentiable(model, ["A", "d"], parameters={"initial A": 4.0}, initial={"A": 10.0})
        found = tangent.pull({"A": np.ones(33), "d": np.ones(33)})
        assert (found.parameters, found.initial) == ({"initial A": 66.0}, {"A": 33.0})

    def test_initial_values_of_all_cells(self) -> None:
        found = differentiable(REGIONS, ["whole"], parameters={}, initial={"Stock": 7.0}).pull({"whole": last(21)})
        expected = {"Stock[North]": (1 - 0.1 / 16) ** 320, "Stock[South]": (1 - 0.2 / 16) ** 320}
        assert found.initial == {key: pytest.approx(value, rel=1e-11) for key, value in expected.items()}

    def test_knots_of_a_series_count_by_the_time_that_they_shape(self) -> None:
        births = pd.Series([1.0, 2.0, 0.0], index=[0.0, 10.0, 20.0])
        tangent = differentiable(GROWTH, ["Population"], parameters={"births": births})
        found = tangent.pull({"Population": last(41)}).series["births"]
        steps = np.arange(0, 40, 0.125)  # Population is 100 + the sum of births * 0.125
        expected = [np.interp(steps, births.index, unit).sum() / 8 for unit in np.eye(3)]
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_elements(self) -> None:
        def of(loss: float) -> float:
            return -100 * 20 * (1 - loss / 16) ** 319

        found = differentiable(REGIONS, ["Stock"], parameters={}, wrt=["loss"])
        w = np.zeros((21, 2))
        w[-1] = 1, 10
        assert found.pull({"Stock": w}).parameters == {
            "loss[North]": pytest.approx(of(0.1), rel=1e-11),
            "loss[South]": pytest.approx(10 * of(0.2), rel=1e-11),
        }
        one = differentiable(REGIONS, ["whole"], parameters={"loss": 0.3, "loss[North]": 0.4})
        assert one.pull({"whole": last(21)}).parameters == {
            "loss[North]": pytest.approx(of(0.4), rel=1e-11),
            "loss[South]": pytest.approx(of(0.3), rel=1e-11),
        }

    def test_an_element_over_time(self) -> None:
        flat = pd.Series([0.3, 0.3], index=[0.0, 20.0])
        found = differentiable(REGIONS, ["Stock"], parameters={"loss[South]": flat}).pull({"Stock": np.ones((21, 2))})
        assert list(found.series) == ["loss[South]"]
        whole = differentiable(REGIONS, ["Stock"], parameters={"loss[South]": 0.3}).pull({"Stock": np.ones((21, 2))})
        assert found.series["loss[South]"].sum() == pytest.approx(whole.parameters["loss[South]"], rel=1e-11)

    def test_a_variable_given_over_time_of_all_cells_sums_over_them(self) -> None:
        flat = pd.Series([0.3, 0.3], index=[0.0, 20.0])
        found = differentiable(REGIONS, ["whole"], parameters={"loss": flat}).pull({"whole": np.ones(21)})
        cells = differentiable(REGIONS, ["whole"], parameters={"loss": 0.3}).pull({"whole": np.ones(21)}).parameters
        assert found.series["loss"].sum() == pytest.approx(sum(cells.values()), rel=1e-11)


class TestCentralDifferences:
    CONSTANTS = {"contact rate": 1.7, "duration": 1.2, "total": 8000.0}  # noqa: RUF012

    @pytest.fixture(scope="class")
    @staticmethod
    def weights() -> np.ndarray:
        return np.random.default_rng(3).normal(size=61)

    def test_an_epidemic_by_its_constants_and_start(self, weights: np.ndarray) -> None:
        start = {"Infectious": 3.0}
        found = differentiable(SIR, ["Infectious"], parameters=self.CONSTANTS, initial=start).pull(
            {"Infectious": weights}
        )

        def value(constants: dict[str, float], initial: dict[str, float]) -> float:
            return float(weights @ once(SIR, constants, ["Infectious"], initial=initial)["Infectious"].to_numpy())

        for name, at in self.CONSTANTS.items():
            expected = central(lambda x, name=name: value({**self.CONSTANTS, name: x}, start), at)
            assert found.parameters[name] == pytest.approx(expected, rel=1e-6)
        expected = central(lambda x: value(self.CONSTANTS, {"Infectious": x}), 3.0)
        assert found.initial["Infectious"] == pytest.approx(expected, rel=1e-6)

    def test_knots(self, weights: np.ndarray) -> None:
        rate = pd.Series([1.5, 2.5, 1.0, 2.0], index=[0.0, 7.3, 21.0, 60.0])
        found = differentiable(SIR, ["Infectious", "Recovered"], parameters={"contact rate": rate})
        pulled = found.pull({"Infectious": weights, "recovered": weights[::-1]}).series["contact rate"]

        def value(k: int, x: float) -> float:
            moved = rate.copy()
            moved.iloc[k] = x
            runs = once(SIR, {"contact rate": moved}, ["Infectious", "Recovered"])
            return float(weights @ runs["Infectious"].to_numpy() + weights[::-1] @ runs["Recovered"].to_numpy())

        for k in range(4):
            expected = central(lambda x, k=k: value(k, x), float(rate.iloc[k]))
            assert pulled[k] == pytest.approx(expected, rel=1e-6, abs=1e-6)

    def test_what_is_asked_for_alone(self, weights: np.ndarray) -> None:
        every = differentiable(SIR, ["Infectious"], parameters=self.CONSTANTS).pull({"Infectious": weights})
        one = differentiable(SIR, ["Infectious"], parameters=self.CONSTANTS, wrt=["DURATION"]).pull(
            {"Infectious": weights}
        )
        assert list(one.parameters) == ["duration"]
        assert one.parameters["duration"] == pytest.approx(every.parameters["duration"], rel=1e-12)

    def test_delays_tables_and_powers(self, write: Write) -> None:
        model = write(
            """
            curve((0,0),(3,1),(9,7))
            flow = curve(Level) * gain ^ 1.3 + SMOOTH3(Time, lag)
            Level = INTEG(flow - DELAY1(Level, lag) / 3, start)
            start = 2
            gain = 1.5
            lag = 2
            """
        )
        at = {"gain": 1.4, "lag": 2.3, "start": 1.1}
        found = differentiable(model, ["Level"], parameters=at).pull({"Level": np.ones(33)}).parameters
        for name, x in at.items():
            expected = central(lambda v, name=name: float(once(model, {**at, name: v}, ["Level"])["Level"].sum()), x)
            assert found[name] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_dot_product_identity(seed: int) -> None:
    """<w, J v> is <J' w, v>, where J v is the derivative along one line by a difference, and J' w our product."""
    chance = np.random.default_rng(seed)
    at = {"contact rate": 2.0, "duration": 1.0}
    w, v = chance.normal(size=61), chance.normal(size=2)
    found = differentiable(SIR, ["Infectious"], parameters=at).pull({"Infectious": w}).parameters
    h = 1e-5
    ahead, behind = (
        once(SIR, {n: x + sign * h * v[k] for k, (n, x) in enumerate(at.items())}, ["Infectious"])[
            "Infectious"
        ].to_numpy()
        for sign in (1, -1)
    )
    assert w @ (ahead - behind) / (2 * h) == pytest.approx(v @ list(found.values()), rel=1e-6)


class TestPayoff:
    DATA = pd.Series([110.0, 125.0], index=[5.0, 10.0])

    def test_data_are_vensims_payoff(self) -> None:
        value, gradient = payoff_and_gradient(
            GROWTH, {"POPULATION": self.DATA}, parameters={"growth rate": 0.03}, scale={"population": 0.5}
        )
        n = np.array([40, 80])
        model, slope = 100 * (1 + 0.03 / 8) ** n, 100 * n * (1 + 0.03 / 8) ** (n - 1) / 8
        gap = model - self.DATA.to_numpy()
        assert value == pytest.approx(-0.25 * (gap**2).sum(), rel=1e-12)
        assert gradient.parameters["growth rate"] == pytest.approx(-0.5 * gap @ slope, rel=1e-11)

    def test_two_observations_of_one_time_both_count(self) -> None:
        twice = pd.Series([110.0, 110.0], index=[5.0, 5.0])
        _, one = payoff_and_gradient(GROWTH, {"Population": twice.iloc[:1]}, parameters={"growth rate": 0.03})
        _, two = payoff_and_gradient(GROWTH, {"Population": twice}, parameters={"growth rate": 0.03})
        assert two.parameters["growth rate"] == pytest.approx(2 * one.parameters["growth rate"])

    def test_data_of_elements(self) -> None:
        data = {"Stock[North]": pd.Series([50.0], index=[20.0]), "Stock[South]": pd.Series([9.0], index=[10.0])}
        value, gradient = payoff_and_gradient(REGIONS, data, parameters={}, wrt=["loss"])
        north, south = 100 * (1 - 0.1 / 16) ** 320, 100 * (1 - 0.2 / 16) ** 160
        assert value == pytest.approx(-((north - 50) ** 2) - (south - 9) ** 2)
        assert gradient.parameters["loss[North]"] == pytest.approx(2 * (north - 50) * 2000 * (1 - 0.1 / 16) ** 319)
        assert gradient.parameters["loss[South]"] == pytest.approx(2 * (south - 9) * 1000 * (1 - 0.2 / 16) ** 159)

    def test_a_function(self) -> None:
        def payoff(runs: xr.Dataset) -> tuple[float, dict[str, np.ndarray]]:
            people = runs["Population"].to_numpy()
            return float(np.log(people).sum()), {"population": 1 / people}

        value, gradient = payoff_and_gradient(GROWTH, payoff, ["Population"], parameters={"growth rate": 0.02})
        assert value == pytest.approx((np.log(100) + STEPS * np.log(1.0025)).sum())
        assert gradient.parameters["growth rate"] == pytest.approx((STEPS / 8 / 1.0025).sum(), rel=1e-11)

    @pytest.mark.parametrize(
        ("data", "scale", "message"),
        [
            ({"Populaton": DATA}, {}, "did you mean 'Population'"),
            ({"Population": pd.Series([1.0], index=[5.5])}, {}, "at times that the run does not save"),
            ({"Population": pd.Series([1.0], index=[41.0])}, {}, "at times that the run does not save"),
            ({"Population": pd.Series([1.0], index=[-1.0])}, {}, "at times that the run does not save"),
            ({"Population": pd.Series([np.nan], index=[5.0])}, {}, "the payoff is not finite"),
            ({"Population": DATA}, {"births": 2.0}, "a weight of 'births' without data"),
        ],
    )
    def test_wrong_data(self, data: dict[str, pd.Series], scale: dict[str, float], message: str) -> None:
        with pytest.raises(InputError, match=message):
            payoff_and_gradient(GROWTH, data, parameters={"growth rate": 0.02}, scale=scale)

    def test_data_of_a_variable_with_subscripts_need_an_element(self) -> None:
        with pytest.raises(InputError, match="no number at a time"):
            payoff_and_gradient(REGIONS, {"Stock": self.DATA}, parameters={}, wrt=["loss"])

    def test_a_derivative_by_a_variable_that_was_not_kept_is_not_lost(self) -> None:
        with pytest.raises(InputError, match="'births' is not among the variables"):
            payoff_and_gradient(
                GROWTH, lambda runs: (1.0, {"births": np.ones(41)}), ["Population"], parameters={"growth rate": 0.02}
            )


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"parameters": {"growth rat": 1.0}}, "did you mean 'growth rate'"),
            ({"parameters": {}, "wrt": ["growth rat"]}, "did you mean 'growth rate'"),
            ({"parameters": {}, "initial": {"births": 1.0}}, "'births' is no stock"),
            ({"parameters": {}, "wrt": ["FINAL TIME"]}, "'FINAL TIME' cannot differ"),
            ({"parameters": {}, "wrt": ["TIME STEP"]}, "there is no gradient through PySD"),
        ],
    )
    def test_each_is_told(self, options: dict[str, object], message: str) -> None:
        with pytest.raises(InputError, match=message):
            differentiable(GROWTH, ["Population"], **options)

    @pytest.mark.parametrize("shape", [(40,), (41, 1), ()])
    def test_a_cotangent_of_another_shape(self, shape: tuple[int, ...]) -> None:
        tangent = differentiable(GROWTH, ["Population"], parameters={"growth rate": 0.02})
        with pytest.raises(InputError, match="the cotangent of 'Population' has shape"):
            tangent.pull({"Population": np.ones(shape)})

    def test_there_is_none_through_pysd(self, random_model: ModelFile) -> None:
        with pytest.raises(InputError, match=r"not compiled: 'a noise' uses RANDOM UNIFORM .*no gradient through PySD"):
            differentiable(random_model, ["Level"], parameters={"rate": 1.0})

    def test_a_table_is_given_but_not_differentiated_by(self, write: Write) -> None:
        model = write("curve((0,0),(10,20))\ny = curve(Time) * k\nk = 2")
        flat = pd.Series([3.0, 3.0], index=[0.0, 1.0])
        found = differentiable(model, ["y"], parameters={"curve": flat, "k": 5.0}).pull({"y": np.ones(33)})
        assert found.parameters == {"k": 99}
        with pytest.raises(InputError, match="'curve' is no number that could be given"):
            differentiable(model, ["y"], parameters={"curve": flat}, wrt=["curve"])
