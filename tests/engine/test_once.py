"""One run as a labelled dataset: closed forms, PySD's run, and what a user may get wrong."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.engine.once import not_finite, once, shown
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from tests.engine.conftest import Write
from tests.small import exponential, small

GROWTH = small("growth.mdl")
REGIONS = small("regions.mdl")
TABLE = "curve((0,0),(10,20))\ny = curve(Time)\nheight = WITH LOOKUP(Time, ((0,1),(8,9)))"

ENGINES = pytest.mark.parametrize("engine", ["compiled", "pysd"])


def after(loss: float) -> float:
    return float(100 * (1 - loss / 16) ** 320)


class TestResult:
    @ENGINES
    def test_all_that_has_a_value_with_unit_and_comment(self, engine: str) -> None:
        runs = once(GROWTH, engine=engine)
        assert sorted(shown(GROWTH)) == ["Drug_left", "Population", "births"]
        constants = {"growth rate", "half life", "initial population"}
        assert set(map(str, runs)) == {*shown(GROWTH), *constants}
        assert runs["Population"].attrs == {"unit": "person", "comment": "Grows by a constant share."}
        np.testing.assert_allclose(runs["Population"], exponential(np.arange(41), 100, 0.02, 0.125), rtol=1e-12)
        assert runs["time"].to_numpy().tolist() == list(range(41))

    def test_subscripts_are_dimensions(self) -> None:
        runs = once(REGIONS)
        assert runs["Stock"].dims == ("time", "Region")
        assert runs["Region"].to_numpy().tolist() == ["North", "South"]
        np.testing.assert_allclose(runs["Stock"].sel(time=20), [after(0.1), after(0.2)], rtol=1e-12)
        np.testing.assert_allclose(runs["whole"], runs["Stock"].sum("Region"), rtol=1e-14)

    def test_pysd_gives_the_same_numbers(self) -> None:
        ours, theirs = once(REGIONS, {"loss": 0.3}), once(REGIONS, {"loss": 0.3}, engine="pysd")
        for name in ("Stock", "whole"):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12)

    def test_chosen_variables_in_any_case(self) -> None:
        assert list(once(GROWTH, None, ["BIRTHS", "drug_LEFT", "half life"])) == ["births", "Drug_left", "half life"]
        assert list(once(GROWTH, None, [])) == []

    @ENGINES
    def test_until(self, engine: str) -> None:
        assert once(GROWTH, until=3, engine=engine)["time"].to_numpy().tolist() == [0, 1, 2, 3]
        assert float(once(GROWTH, until=50, engine=engine)["Population"][-1]) == pytest.approx(100 * 1.0025**400)

    def test_a_final_time_that_is_not_saved_is_told(self) -> None:
        with pytest.warns(UserWarning, match=r"FINAL TIME 3.5 is not saved: the last row is 3"):
            once(GROWTH, until=3.5)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            once(GROWTH, until=3)

    def test_control_variables(self) -> None:
        runs = once(GROWTH, {"TIME STEP": 1, "saveper": 2, "initial time": 10, "FINAL TIME": 20})
        assert runs["time"].to_numpy().tolist() == [10, 12, 14, 16, 18, 20]
        np.testing.assert_allclose(runs["Population"], 100 * 1.02 ** np.arange(0, 11, 2), rtol=1e-13)


class TestOverrides:
    def test_a_constant_an_auxiliary_a_stock(self) -> None:
        assert once(GROWTH, {"GROWTH_RATE": 0})["Population"][-1] == 100
        np.testing.assert_allclose(once(GROWTH, {"births": 8})["Population"], 100 + 8 * np.arange(41.0), rtol=1e-13)
        assert set(once(GROWTH, {"Population": 7.0})["births"].to_numpy()) == {7.0 * 0.02}

    def test_one_element_and_all(self) -> None:
        def ends(overrides: dict[str, float]) -> list[float]:
            return once(REGIONS, overrides)["Stock"].sel(time=20).to_numpy().tolist()

        assert ends({"loss[North]": 0.0}) == pytest.approx([100, after(0.2)])
        assert ends({"LOSS[ South ]": 0.0}) == pytest.approx([after(0.1), 100])
        assert ends({"loss": 0.0}) == [100, 100]
        assert ends({"loss": 0.0, "loss[North]": 0.3}) == pytest.approx([after(0.3), 100])
        assert ends({"loss[North]": 0.3, "loss": 0.0}) == pytest.approx([after(0.3), 100])

    def test_one_element_over_time(self) -> None:
        flat = pd.Series([0.3, 0.3], index=[0.0, 20.0])
        ends = once(REGIONS, {"loss[North]": flat})["Stock"].sel(time=20)
        np.testing.assert_allclose(ends, [after(0.3), after(0.2)], rtol=1e-12)
        both = once(REGIONS, {"loss": flat, "loss[South]": 0.0})["Stock"].sel(time=20)
        np.testing.assert_allclose(both, [after(0.3), 100], rtol=1e-12)

    def test_one_element_of_an_auxiliary_leaves_the_others_their_equation(self, write: Write) -> None:
        model = write("Place: here, there\nx[Place] = Time * 2")
        assert once(model, {"x[here]": 1.0})["x"].sel(time=8).to_numpy().tolist() == [1, 16]

    @ENGINES
    def test_over_time_linear_between_and_flat_outside(self, engine: str) -> None:
        births = pd.Series([12.0, 4.0, 4.0], index=[18.0, 2.0, 10.0])  # in no order
        runs = once(GROWTH, {"births": births}, engine=engine)
        assert runs["births"].sel(time=[0, 2, 10, 14, 18, 40]).to_numpy().tolist() == [4, 4, 4, 8, 12, 12]
        flow = np.interp(np.arange(0, 40, 0.125), [2, 10, 18], [4, 4, 12])
        np.testing.assert_allclose(runs["Population"][-1], 100 + flow.sum() / 8, rtol=1e-12)

    @ENGINES
    def test_a_table_by_points_or_a_number(self, write: Write, engine: str) -> None:
        model = write(TABLE)
        points = pd.Series([3.0, 0.0, 5.0], index=[4.0, 0.0, 6.0])
        y = once(model, {"Curve": points}, engine=engine)["y"]
        np.testing.assert_allclose(y, np.interp(y["time"], [0, 4, 6], [0, 3, 5]), rtol=1e-14)
        assert set(once(model, {"curve": 3}, engine=engine)["y"].to_numpy()) == {3.0}

    def test_a_table_of_many_elements(self, write: Write) -> None:
        model = write("P: a, b\ncurve[a]((0,0),(10,20))\ncurve[b]((0,0),(10,30))\ny[P] = curve[P](Time)")
        flat = pd.Series([1.0, 1.0], index=[0.0, 1.0])
        assert once(model)["y"].sel(time=8).to_numpy().tolist() == [16, 24]
        assert once(model, {"curve": flat})["y"].sel(time=8).to_numpy().tolist() == [1, 1]
        assert once(model, {"curve[b]": flat})["y"].sel(time=8).to_numpy().tolist() == [16, 1]

    def test_initial_values(self) -> None:
        assert once(GROWTH, initial={"population": 50})["Population"][0] == 50
        np.testing.assert_allclose(
            once(GROWTH, initial={"Population": 50})["Population"][-1], 50 * 1.0025**320, rtol=1e-12
        )
        assert once(REGIONS, initial={"Stock[North]": 5})["Stock"][0].to_numpy().tolist() == [5, 100]
        assert once(REGIONS, initial={"Stock": 5})["Stock"][0].to_numpy().tolist() == [5, 5]
        assert once(GROWTH, initial={"Population": 50}, engine="auto")["Drug_left"][0] == 8

    def test_nothing_leaks_into_the_next_run(self) -> None:
        fresh = once(GROWTH)
        once(GROWTH, {"births": 3.0, "half life": pd.Series([1.0], index=[0.0])}, initial={"Drug_left": 1.0}, until=9)
        xr.testing.assert_identical(once(GROWTH), fresh)


class TestFaults:
    @ENGINES
    @pytest.mark.parametrize(
        ("overrides", "names", "message"),
        [
            ({"growth rat": 1.0}, None, "did you mean 'growth rate'"),
            ({}, ["birth"], "did you mean 'births'"),
            ({"half life": "5 months"}, None, "'half life' is given as str"),
            ({"half life": None}, None, "'half life' is given as NoneType"),
            ({"half life": np.ones(2)}, None, "'half life' is given as ndarray"),
            ({"half life": pd.Series([], dtype=float)}, None, "is empty"),
            ({"half life": pd.Series([1.0, math.nan], index=[0.0, 1.0])}, None, "not finite"),
            ({"half life": pd.Series([1.0], index=["2010-01"])}, None, "holds what is no number"),
        ],
    )
    def test_each_is_told(
        self, overrides: dict[str, float | pd.Series], names: list[str] | None, message: str, engine: str
    ) -> None:
        with pytest.raises(InputError, match=message) as caught:
            once(GROWTH, overrides, names, engine=engine)
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize(
        ("model", "overrides", "initial", "message"),
        [
            (REGIONS, {"loss[Nort]": 1.0}, {}, r"no 'loss\[Nort\]' \(did you mean 'loss\[North\]'"),
            (GROWTH, {"growth rate[a]": 1.0}, {}, r"no 'growth rate\[a\]' \(it has no subscripts"),
            (GROWTH, {}, {"Populaton": 1.0}, "did you mean 'Population'"),
            (GROWTH, {}, {"births": 1.0}, "'births' is no stock"),
            (REGIONS, {}, {"Stock[Nort]": 1.0}, r"did you mean 'Stock\[North\]'"),
            (GROWTH, {"TIME STEP": 0.0}, {}, "in steps of 0"),
            (GROWTH, {"SAVEPER": -1.0}, {}, "saved every -1"),
            (GROWTH, {"FINAL TIME": 1e12}, {}, "steps"),
        ],
    )
    def test_what_only_the_compiled_engine_takes(
        self, model: ModelFile, overrides: dict[str, float], initial: dict[str, float], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            once(model, overrides, initial=initial)

    def test_a_table_is_no_number_and_a_wrong_one_is_told(self, write: Write) -> None:
        model, flat = write(TABLE), pd.Series([1.0, 1.0], index=[0.0, 1.0])
        for engine in ("compiled", "pysd"):
            with pytest.raises(InputError, match="'curve' is no number over time"):
                once(model, None, ["curve"], engine=engine)
        with pytest.raises(InputError, match="no table 'curve\\[a\\]'"):
            once(model, {"curve[a]": flat})

    def test_what_pysd_cannot(self) -> None:
        with pytest.raises(InputError, match="initial values need the compiled engine"):
            once(GROWTH, initial={"Population": 1.0}, engine="pysd")
        with pytest.raises(InputError, match="PySD cannot override one element"):
            once(REGIONS, {"loss[North]": 1.0}, engine="pysd")

    def test_values_that_are_not_finite_are_named_in_order_of_time(self) -> None:
        runs = once(small("division.mdl"), until=8)
        assert not_finite(runs) == [("share", 5.0), ("root", 6.0)]
        assert not_finite(once(GROWTH)) == []
