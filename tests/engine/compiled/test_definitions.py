"""Values by Vensim's and XMILE's definitions, where PySD departs from them or cannot run the model at all.

Each expected value is a closed form or was counted by hand from the manual's sentence that stands beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine.compiled.comparing import Runs, compiled, written

SKETCH = "\\\\\\---/// Sketch information - do not modify anything except names\n"


def run(folder: Path, equations: str, **control: object) -> dict[str, np.ndarray]:
    """Return all variables of a model; machine code and interpreter agree bit for bit where no libm is between."""
    runs: Runs = compiled(written(folder, equations, **control))
    for key, values in runs.code.items():
        np.testing.assert_allclose(values, runs.read[key], rtol=1e-13, atol=1e-300)
    return {"time": runs.times, **runs.code}


def on(values: np.ndarray, times: np.ndarray) -> list[float]:
    """Return the times at which something is 1; it is 0 at all others."""
    assert set(values) <= {0.0, 1.0}
    return [float(time) for time in times[values == 1]]


class TestPulses:
    def test_a_pulse_that_starts_between_rows_lasts_as_long_as_it_should(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = PULSE(1.1, 0.5) \n b = INTEG(a, 0)")
        assert on(found["a"], found["time"]) == [1.0, 1.25]  # half a step is added to the time before it is compared
        assert found["b"][-1] == 0.5

    def test_a_pulse_without_width_lasts_one_step(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = PULSE(3, 0)")
        assert on(found["a"], found["time"]) == [3.0]

    def test_pulses_in_steps_that_are_no_binary_fraction(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = PULSE(1.8, 0.9) \n b = PULSE TRAIN(0.9, 0.3, 1.5, 6.3)", TIME_STEP=0.3, FINAL_TIME=9)
        assert on(found["a"], found["time"]) == [1.8, 2.1, 2.4]
        assert on(found["b"], found["time"]) == [0.9, 2.4, 3.9, 5.4]

    def test_each_pulse_of_a_train_lasts_one_step_at_least(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = PULSE TRAIN(1, 0, 2, 6)")
        assert on(found["a"], found["time"]) == [1.0, 3.0, 5.0]


class TestDelays:
    def test_what_starts_from_a_whole_number_is_no_whole_number(self, tmp_path: Path) -> None:
        found = run(
            tmp_path, "x = STEP(1, 0) \n a = SMOOTHI(x, 4, 0) \n b = DELAY1I(x, 4, 0) \n c = TREND(1 + x, 4, 0)"
        )
        steps = np.arange(len(found["a"]))
        np.testing.assert_allclose(found["a"], 1 - (1 - 0.25 / 4) ** steps, rtol=1e-13)
        np.testing.assert_allclose(found["b"], 1 - (1 - 0.25 / 4) ** steps, rtol=1e-13)
        assert found["c"].tolist() == [0.0] * len(steps)

    def test_a_delay_keeps_its_order_however_long_the_step(self, tmp_path: Path) -> None:
        found = run(tmp_path, "x = STEP(1, 0) \n a = DELAY3I(x, 1, 0.0)", TIME_STEP=0.5)
        stages, expected = np.zeros(3), []
        for _ in found["a"]:
            expected.append(stages[2] * 3)
            out = stages * 3
            stages = stages + 0.5 * (np.array([1.0, out[0], out[1]]) - out)
        np.testing.assert_allclose(found["a"], expected, rtol=1e-12)

    @pytest.mark.parametrize(("delay", "steps"), [(0, 1), (0.25, 1), (0.3, 1), (0.375, 2), (0.4, 2), (0.5, 2), (1, 4)])
    def test_the_length_of_a_pipeline_in_steps(self, tmp_path: Path, delay: float, steps: int) -> None:
        found = run(tmp_path, f"a = DELAY FIXED(Time, {delay}, -1)")
        assert found["a"].tolist() == [-1.0] * steps + found["time"][:-steps].tolist()

    def test_a_pipeline_of_a_pipeline_and_of_a_delay(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "a = DELAY FIXED(Time, 1, -1) \n b = DELAY FIXED(a, 0.5, -2) \n"
            "c = DELAY1I(STEP(8, 0), 1, 0) \n d = DELAY FIXED(c, 1, 5)",
        )
        assert found["b"].tolist() == [-2.0] * 2 + [-1.0] * 4 + found["time"][:-6].tolist()
        assert found["d"].tolist() == [5.0] * 4 + found["c"][:-4].tolist()

    def test_what_is_held_is_what_was_there_when_the_condition_last_held(self, tmp_path: Path) -> None:
        found = run(
            tmp_path, "s = INTEG(4, 1) \n a = SAMPLE IF TRUE(Time < 3, s, 99) \n b = SAMPLE IF TRUE(s > 30, s, 0)"
        )
        assert found["a"].tolist() == np.minimum(found["s"], 1 + 4 * 2.75).tolist()
        assert found["b"].tolist() == np.where(found["s"] > 30, found["s"], 0).tolist()


class TestNumbers:
    def test_the_sign_stands_before_the_power(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = -2^2 \n x = 3 \n b = -x^2 \n c = 2^-1 \n d = 5 - 2^2 \n e = (-2)^2")
        assert [found[key][0] for key in "abcde"] == [-4, -9, 0.5, 1, 4]

    def test_missing_values_are_equal_to_nothing_but_missing(self, tmp_path: Path) -> None:
        (tmp_path / "d.csv").write_text("time,x\n0,5\n2,6\n4,7\n")
        found = run(
            tmp_path,
            "d :RAW: := GET DIRECT DATA('d.csv', ',', 'A', 'B2') \n a = IF THEN ELSE(d = :NA:, -1, d) \n"
            "b = IF THEN ELSE(d <> :NA:, 1, 0) \n c = IF THEN ELSE(:NA: = Time, 1, 0)",
            TIME_STEP=1, FINAL_TIME=4,
        )  # fmt: skip
        assert found["a"].tolist() == [5, -1, 6, -1, 7]
        assert found["b"].tolist() == [1, 0, 1, 0, 1]
        assert found["c"].tolist() == [0] * 5

    def test_a_division_by_zero_is_infinite(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = 1 / (Time - 1) \n b = (Time - 1)^0.5 \n c = LN(Time)", FINAL_TIME=1)
        assert found["a"][-1] == np.inf
        assert np.isnan(found["b"][0])
        assert found["c"][0] == -np.inf

    def test_and_binds_tighter_than_or(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "y = 1 \n n = 0 \n a = IF THEN ELSE(n = 1 :AND: n = 1 :OR: y = 1, 1, 0) \n"
            "b = IF THEN ELSE(y = 1 :OR: n = 1 :AND: n = 1, 1, 0) \n"
            "c = IF THEN ELSE(n = 1 :AND: y = 1 :OR: y = 1 :AND: :NOT: n = 1, 1, 0)",
        )
        assert [found[key][0] for key in "abc"] == [1, 1, 1]

    def test_brackets_around_a_negative_base_in_xmile(self, tmp_path: Path) -> None:
        found = run_xmile(
            tmp_path, '<aux name="a"><eqn>(-3)^2 + (-.5)^2</eqn></aux><aux name="b"><eqn>-3^2</eqn></aux>'
        )
        assert (found["a"][0], found["b"][0]) == (9.25, -9)


class TestTables:
    def test_the_end_slopes_go_on(self, tmp_path: Path) -> None:
        found = run(tmp_path, "t((0, 1), (2, 5), (3, 2)) \n a = LOOKUP EXTRAPOLATE(t, Time - 1)", TIME_STEP=1)
        assert found["a"].tolist() == [-1, 1, 3, 5, 2, -1, -4, -7, -10]

    def test_the_next_and_the_last_point(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "t((0, 1), (2, 5), (3, 2)) \n a = LOOKUP FORWARD(t, Time - 1) \n b = LOOKUP BACKWARD(t, Time - 1)",
            TIME_STEP=0.5, FINAL_TIME=5,
        )  # fmt: skip
        assert found["a"].tolist() == [1, 1, 1, 5, 5, 5, 5, 2, 2, 2, 2]
        assert found["b"].tolist() == [1, 1, 1, 1, 1, 1, 5, 5, 2, 2, 2]

    def test_a_table_may_jump(self, tmp_path: Path) -> None:
        found = run(tmp_path, "t((0, 0), (1, 0), (1, 5), (4, 5), (4, 1), (9, 1)) \n a = t(Time + 0.125)")
        inside = found["time"] + 0.125
        assert found["a"].tolist() == np.where(inside < 1, 0, np.where(inside < 4, 5, 1)).tolist()

    def test_xmile_tables_beyond_their_ends_and_in_steps(self, tmp_path: Path) -> None:
        points = '<xscale min="1" max="4"/><ypts>2,4,3,9</ypts>'
        found = run_xmile(
            tmp_path,
            f'<aux name="a"><eqn>TIME</eqn><gf type="extrapolate">{points}</gf></aux>'
            f'<aux name="b"><eqn>TIME</eqn><gf type="discrete">{points}</gf></aux>',
        )
        assert found["a"].tolist() == [0, 2, 4, 3, 9, 15, 21]
        assert found["b"].tolist() == [2, 2, 4, 3, 9, 9, 9]


class TestSubscripts:
    def test_cells_of_one_variable_may_need_each_other(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "R: x, y, z \n a[x] = Time \n a[y] = a[x] * 2 \n a[z] = a[y] + a[x] \n"
            "b[x] = INTEG(b[y], 1) \n b[y] = INTEG(-b[x], 0) \n b[z] = INTEG(b[x] + b[y], 5)",
        )
        assert found["a[z]"].tolist() == (3 * found["time"]).tolist()
        np.testing.assert_allclose(found["b[x]"] + 1j * found["b[y]"], (1 - 0.25j) ** np.arange(33), rtol=1e-12)

    def test_a_mapping_that_lists_which_goes_with_which(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "Zone: warm, cold \n Place: north, south -> (Zone: cold, warm) \n"
            "a[Place] = 1, 2 \n b[Zone] = a[Place] * 10",
        )
        assert (found["b[warm]"][0], found["b[cold]"][0]) == (20, 10)

    def test_a_mapping_of_one_to_several(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "Town: t1, t2, t3 \n West: t1, t3 \n State: left, right -> (Town: West, t2) \n"
            "tax[State] = 5, 7 \n paid[Town] = tax[State] + Time",
        )
        assert [found[f"paid[t{k}]"][0] for k in (1, 2, 3)] == [5, 7, 5]

    def test_two_ranges_of_the_same_subscripts_are_two_directions(self, tmp_path: Path) -> None:
        found = run(
            tmp_path,
            "From: u, v \n To <-> From \n flow[From, To] = 1, 2; 3, 4; \n"
            "net[From] = SUM(flow[To!, From]) - SUM(flow[From, To!])",
        )
        assert (found["net[u]"][0], found["net[v]"][0]) == (1 + 3 - 1 - 2, 2 + 4 - 3 - 4)

    def test_ranges_of_one_model_do_not_reach_the_next(self, tmp_path: Path) -> None:
        run(tmp_path, "Here: u, v \n There <-> Here \n a[There] = 1, 2")
        assert run(tmp_path, "R: u, v \n S <-> R \n a[R] = 1, 2 \n b[S] = a[S]")["b[v]"][0] == 2


class TestTime:
    def test_the_last_row_is_lost_where_the_saving_period_misses_it(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = Time", FINAL_TIME=2, TIME_STEP=0.3, SAVEPER=0.9)
        assert found["time"].tolist() == [0, 0.9, 1.8]

    def test_euler(self, tmp_path: Path) -> None:
        found = run(tmp_path, "a = INTEG(-a / 3, 1)", TIME_STEP=0.25)
        np.testing.assert_allclose(found["a"], (1 - 0.25 / 3) ** np.arange(33), rtol=1e-13)


class TestRungeKutta:
    """PySD has Euler only."""

    @staticmethod
    def run(folder: Path, equations: str, code: int = 1, **control: object) -> dict[str, np.ndarray]:
        file = written(folder, equations, **control)
        file.write_text(file.read_text() + SKETCH + "///---\\\\\\\n:L\x7f<%^E!@\n15:0,0,0," + f"{code},0,0\n")
        runs = compiled(file)
        return {"time": runs.times, **runs.code}

    @pytest.mark.parametrize("code", [1, 5])
    def test_decay_to_fourth_order(self, tmp_path: Path, code: int) -> None:
        found = self.run(tmp_path, "a = INTEG(-a, 1)", code)
        h = 0.25
        np.testing.assert_allclose(found["a"], (1 - h + h**2 / 2 - h**3 / 6 + h**4 / 24) ** np.arange(33), rtol=1e-13)
        np.testing.assert_allclose(found["a"], np.exp(-found["time"]), rtol=5e-4)

    def test_code_0_is_euler(self, tmp_path: Path) -> None:
        found = self.run(tmp_path, "a = INTEG(-a, 1)", 0)
        np.testing.assert_allclose(found["a"], 0.75 ** np.arange(33), rtol=1e-13)

    def test_a_cubic_in_time_exactly(self, tmp_path: Path) -> None:
        found = self.run(tmp_path, "a = INTEG(4 * Time ^ 3, 2)")
        np.testing.assert_allclose(found["a"], 2 + found["time"] ** 4, rtol=1e-13)

    def test_an_oscillator_keeps_its_energy(self, tmp_path: Path) -> None:
        found = self.run(tmp_path, "x = INTEG(v, 1) \n v = INTEG(-x, 0)", TIME_STEP=0.125)
        np.testing.assert_allclose(found["x"], np.cos(found["time"]), atol=2e-5)

    def test_what_steps_stays_the_same_within_a_step(self, tmp_path: Path) -> None:
        found = self.run(tmp_path, "a = INTEG(STEP(8, 2) + PULSE(5, 1), 0) \n b = DELAY FIXED(a, 1, 0)")
        expected = 8 * np.maximum(found["time"] - 2, 0) + np.clip(found["time"] - 5, 0, 1)
        np.testing.assert_allclose(found["a"], expected, rtol=1e-13)
        assert found["b"].tolist() == [0] * 4 + found["a"][:-4].tolist()

    def test_delays_and_smooths_are_stocks(self, tmp_path: Path) -> None:
        found = self.run(tmp_path, "a = SMOOTHI(1, 2, 0) \n b = DELAY1I(STEP(1, 0), 2, 0)", TIME_STEP=0.5)
        z = 0.5 / 2
        left = (1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24) ** np.arange(17)
        np.testing.assert_allclose(found["a"], 1 - left, rtol=1e-12)
        np.testing.assert_allclose(found["b"], 1 - left, rtol=1e-12)

    def test_xmile(self, tmp_path: Path) -> None:
        stock = '<stock name="a"><eqn>1</eqn><inflow>f</inflow></stock><flow name="f"><eqn>-a</eqn></flow>'
        found = run_xmile(tmp_path, stock, method="RK4")
        np.testing.assert_allclose(found["a"], (1 - 1 + 1 / 2 - 1 / 6 + 1 / 24) ** np.arange(7), rtol=1e-13)


def run_xmile(folder: Path, variables: str, method: str = "Euler") -> dict[str, np.ndarray]:
    """Return all variables of an XMILE model from 0 to 6 in steps of 1."""
    file = folder / "model.xmile"
    file.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">'
        "<header><vendor>none</vendor><product>by hand</product></header>"
        f'<sim_specs method="{method}"><start>0</start><stop>6</stop><dt>1</dt></sim_specs>'
        f"<model><variables>{variables}</variables></model></xmile>"
    )
    runs = compiled(file)
    return {"time": runs.times, **runs.code}
