"""Runs through our Simulator against closed forms and against PySD's own interface."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine import Simulator
from sdforecast.errors import InputError
from tests.small import MODELS, exponential, logistic, small


def simulate(name: str, overrides: dict[str, float | pd.Series] | None = None, **options: object) -> pd.DataFrame:
    return Simulator(small(name)).run(overrides or {}, **options)


class TestClosedForms:
    def test_exponential_growth(self) -> None:
        table = simulate("growth.mdl")
        assert len(table) == 41
        np.testing.assert_allclose(table["Population"], exponential(table.index, 100, 0.02, 0.125), rtol=1e-12)
        np.testing.assert_allclose(table["Population"], 100 * np.exp(0.02 * table.index), rtol=2e-3)

    def test_exponential_decay_halves_every_half_life(self) -> None:
        table = simulate("growth.mdl")
        np.testing.assert_allclose(table["Drug_left"].loc[[5, 10, 20, 40]], [4, 2, 0.5, 8 / 256], rtol=0.1)
        expected = exponential(table.index, 8, -math.log(2) / 5, 0.125)
        np.testing.assert_allclose(table["Drug_left"], expected, rtol=1e-12)

    def test_xmile_gives_the_same_growth(self) -> None:
        table = simulate("growth.xmile")
        np.testing.assert_allclose(table["Population"], exponential(table.index, 100, 0.02, 0.125), rtol=1e-12)

    def test_logistic_growth(self) -> None:
        table = simulate("logistic.mdl")
        np.testing.assert_allclose(table["Population"], logistic(table.index, 10, 0.3, 1000), rtol=0.02)
        assert table["net growth"].idxmax() == pytest.approx(math.log(99) / 0.3, abs=1)  # at half the capacity

    def test_a_flow_is_the_difference_of_its_cumulative_stock(self) -> None:
        table = simulate("logistic.mdl")
        gained = table["Population"] - table["Population"].iloc[0]
        np.testing.assert_allclose(table["cumulative net growth"], gained, rtol=1e-12, atol=1e-12)

    def test_a_first_order_delay_answers_a_step(self) -> None:
        table = simulate("delay.mdl", columns=["output"])
        since = np.maximum(table.index - 5, 0)
        np.testing.assert_allclose(table["output"], 10 * (1 - np.exp(-since / 4)), atol=0.02)

    def test_an_epidemic_keeps_its_people_and_ends_at_the_final_size(self) -> None:
        table = simulate("sir.mdl")
        people = table[["Susceptible", "Infectious", "Recovered"]].sum(axis=1)
        np.testing.assert_allclose(people, 10_000, rtol=1e-12)
        left = table["Susceptible"].iloc[-1] / 10_000
        assert math.log(left) == pytest.approx(-2 * (1 - left), rel=0.01)  # Kermack and McKendrick, R0 = 2
        peak = table["Infectious"].idxmax()
        assert table.loc[peak - 1, "Susceptible"] > 5_000 > table.loc[peak + 1, "Susceptible"]  # where S = N / R0

    def test_subscripts_run_and_add_up(self) -> None:
        table = simulate("regions.mdl")
        both = exponential(table.index, 100, -0.1, 0.0625) + exponential(table.index, 100, -0.2, 0.0625)
        np.testing.assert_allclose(table["whole"], both, rtol=1e-10)


@pytest.mark.parametrize("name", ["growth.mdl", "logistic.mdl", "delay.mdl", "sir.mdl", "regions.mdl", "growth.xmile"])
def test_the_same_bits_as_pysd_itself(name: str, tmp_path: object) -> None:
    import pysd

    file = tmp_path / name
    file.write_bytes((MODELS / name).read_bytes())
    read = pysd.read_vensim if name.endswith(".mdl") else pysd.read_xmile
    theirs = read(str(file)).run(progress=False)
    ours = simulate(name)
    pd.testing.assert_frame_equal(ours[theirs.columns], theirs, check_exact=True, check_names=False)


class TestOverrides:
    def test_a_constant(self) -> None:
        table = simulate("growth.mdl", {"GROWTH_RATE": 0.05}, columns=["population"])
        np.testing.assert_allclose(table["Population"], exponential(table.index, 100, 0.05, 0.125), rtol=1e-12)

    def test_an_initial_value(self) -> None:
        assert simulate("growth.mdl", {"initial population": 7.0})["Population"].iloc[0] == 7

    def test_a_series_is_interpolated_and_held_flat_outside(self) -> None:
        births = pd.Series([4.0, 4.0, 12.0], index=[2.0, 10.0, 18.0])
        table = simulate("growth.mdl", {"births": births})
        steps = np.arange(0, 40, 0.125)
        flow = np.interp(steps, births.index, births.to_numpy())
        expected = 100 + np.concatenate([[0], np.cumsum(flow * 0.125)])[:: int(1 / 0.125)]
        np.testing.assert_allclose(table["Population"], expected, rtol=1e-12)
        assert table["births"].loc[[0, 2, 10, 14, 18, 40]].tolist() == [4, 4, 4, 8, 12, 12]

    def test_nothing_leaks_into_the_next_run(self) -> None:
        simulator = Simulator(small("growth.mdl"))
        fresh = simulator.run({})
        changed = simulator.run({"growth rate": 0.1, "births": pd.Series([1.0, 2.0], index=[0, 40])}, until=10)
        assert len(changed) == 11
        half = simulator.run({"growth rate": 0.1})
        assert half["Population"].iloc[-1] == pytest.approx(100 * (1 + 0.1 * 0.125) ** 320)
        pd.testing.assert_frame_equal(simulator.run({}), fresh, check_exact=True)

    def test_nor_after_a_run_that_failed(self) -> None:
        simulator = Simulator(small("growth.mdl"))
        fresh = simulator.run({})
        with pytest.raises(InputError):
            simulator.run({"half life": 0.0})
        pd.testing.assert_frame_equal(simulator.run({}), fresh, check_exact=True)

    def test_until_stops_earlier_or_later_than_the_file(self) -> None:
        simulator = Simulator(small("growth.mdl"))
        assert simulator.run({}, ["births"], until=3).index.tolist() == [0, 1, 2, 3]
        assert simulator.run({}, ["births"], until=50).index[-1] == 50
        assert simulator.run({}, ["births"]).index[-1] == 40


class TestFaults:
    def test_an_unknown_override_and_an_unknown_column_name_the_nearest(self) -> None:
        with pytest.raises(InputError, match="did you mean 'growth rate'"):
            simulate("growth.mdl", {"growth rat": 1.0})
        with pytest.raises(InputError, match="did you mean 'births'"):
            simulate("growth.mdl", columns=["birth"])

    def test_a_subscripted_column_is_no_single_number(self) -> None:
        with pytest.raises(InputError, match="'Stock' has the subscripts Region"):
            simulate("regions.mdl", columns=["stock"])

    def test_a_division_by_zero_says_so_and_where(self) -> None:
        assert len(simulate("division.mdl")) == 5
        with pytest.raises(InputError, match=r"division.mdl: failed while running: .*division by zero"):
            simulate("division.mdl", until=8)

    def test_a_value_that_is_no_number_is_left_to_the_reader(self) -> None:
        assert np.isnan(simulate("division.mdl", columns=["root"], until=8)["root"].iloc[-1])
