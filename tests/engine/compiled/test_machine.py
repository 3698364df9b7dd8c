"""What has been compiled of a model, and the numbers that it is run on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine.compiled import machine as machine_module
from sdforecast.engine.compiled.machine import Machine, interpolation, weights
from sdforecast.engine.compiled.program import Table
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.model import read
from tests.engine.compiled.comparing import written
from tests.small import exponential, small

GROWTH = Machine(small("growth.mdl"))
REGIONS = Machine(small("regions.mdl"))


class TestReady:
    def test_a_question_is_compiled_once(self) -> None:
        machine = Machine(small("growth.mdl"))
        first = machine.ready(["births"], fixed={"half life": 1.0}, varied=["growth rate"])
        assert machine.ready(["births"], fixed={"half life": 2.0}, varied=["growth rate"]) is first  # names only
        assert machine.ready(["births"], varied=["growth rate"]) is first
        assert machine.ready(["births"]) is not first
        assert machine.ready(["births"], fixed={"Population": 1.0}, varied=["growth rate"]) is not first

    def test_what_shapes_the_program_is_compiled_by_its_value(self, tmp_path: Path) -> None:
        machine = Machine(read(written(tmp_path, "x = SMOOTH N(STEP(8, 1), 3, 0, how many)\nhow many = 2")))
        assert machine.assumed >= {"how many", "TIME STEP", "INITIAL TIME"}
        states = [len(machine.ready(["x"], fixed={"how many": n}).program.states) for n in (1.0, 2.0, 5.0)]
        assert states == [1, 2, 5]
        with pytest.raises(Unsupported, match="draws of 'how many'"):
            machine.ready(["x"], varied=["how many"])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"fixed": {"growth rat": 1.0}}, "did you mean 'growth rate'"),
            ({"varied": ["births[a]"]}, "it has no subscripts"),
            ({"series": ["birth"]}, "did you mean 'births'"),
            ({"varied": ["SAVEPER"]}, "'SAVEPER' cannot differ between members"),
            ({"tables": [Table("births", (0.0,), (1.0,))]}, "no table 'births' that an equation reads"),
            ({"initials": ["births"]}, "'births' is no stock"),
        ],
    )
    def test_what_is_not_there(self, options: dict[str, object], message: str) -> None:
        with pytest.raises(InputError, match=message):
            GROWTH.ready(["births"], **options)

    def test_without_a_compiler_numpy_runs_the_same_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        draws = np.linspace(0, 0.1, 9)[:, None]
        told: list[int] = []

        def run(machine: Machine, out: np.ndarray | None = None) -> np.ndarray:
            ready = machine.ready(["Population", "births"], varied=["growth rate"])
            return ready.run(ready.batch({}, varied=draws), out=out, advance=told.append)

        with_code = run(GROWTH)

        def none(*arguments: object, **options: object) -> None:
            raise MachineError(Problem("the compiled engine needs llvmlite"))

        monkeypatch.setattr("sdforecast.engine.compiled.kernel.compile_kernel", none)
        plain = Machine(small("growth.mdl"))
        assert plain.ready(["Population", "births"], varied=["growth rate"]).kernel is None
        out = np.empty_like(with_code)
        assert run(plain, out) is out
        np.testing.assert_allclose(out, with_code, rtol=1e-14)
        assert sum(told) == 18
        with pytest.raises(MachineError, match="llvmlite"):
            _ = plain.ready(["births"], varied=["growth rate"]).gradient_kernel


class TestBatch:
    def test_rows_and_numbers(self) -> None:
        ready = GROWTH.ready(["Population"], varied=["growth rate"], series=["births"])
        draws = np.array([[0.1], [0.2]])
        batch = ready.batch(
            {"half life": 3.0}, varied=draws, series={"births": pd.Series([0.0, 4.0], index=[0.0, 40.0])}
        )
        assert batch.times.tolist() == list(range(41))
        assert (batch.inputs.members, batch.inputs.clock.shape) == (2, (321, 1))
        np.testing.assert_allclose(batch.inputs.series[:, 0, 0], np.linspace(0, 4, 321), rtol=1e-14)
        place = [p.key for p in ready.leveled.program.parameters].index("half life")
        assert batch.inputs.parameters[place] == 3

    def test_a_value_of_a_variable_is_that_of_all_its_cells_and_its_own_counts_more(self) -> None:
        ready = REGIONS.ready(["Stock[North]", "Stock[South]"])
        values = ready.run(ready.batch({"loss": 0.0, "loss[South]": 0.3}))[0, -1]
        np.testing.assert_allclose(values, [100, 100 * (1 - 0.3 / 16) ** 320], rtol=1e-12)

    def test_a_missing_series_is_told(self) -> None:
        with pytest.raises(InputError, match="no series for 'births'"):
            GROWTH.ready(["Population"], series=["births"]).batch({})

    def test_members_with_series_of_their_own(self) -> None:
        ready = GROWTH.ready(["Population"], series=["births"], own=["births"])
        own = {"births": (np.array([0.0]), np.array([[0.0], [1.0], [8.0]]))}
        values = ready.run(ready.batch({}, varied=np.zeros((3, 0)), own=own))
        assert values[:, -1, 0].tolist() == [100, 140, 420]

    def test_the_final_time_asked_for(self) -> None:
        ready = GROWTH.ready(["Population"])
        assert ready.final(ready.batch({})) == 40
        assert ready.final(ready.batch({"FINAL TIME": 7.0})) == 7

    def test_control_variables_follow_each_other(self, tmp_path: Path) -> None:
        machine = Machine(read(written(tmp_path, "n = 4", FINAL_TIME="n * 5", SAVEPER="TIME STEP")))
        assert machine.control({}) == {"INITIAL TIME": 0, "FINAL TIME": 20, "TIME STEP": 0.25, "SAVEPER": 0.25}
        assert machine.control({"n": 2.0, "TIME STEP": 1.0})["SAVEPER"] == 1
        assert machine.control({"n": 2.0, "TIME STEP": 1.0})["FINAL TIME"] == 10


def test_defaults_and_cells() -> None:
    ready = REGIONS.ready(["whole"])
    assert ready.defaults.items() >= {"loss[North]": 0.1, "loss[South]": 0.2, "FINAL TIME": 20.0}.items()
    assert REGIONS.cells("loss") == ["loss[North]", "loss[South]"]
    assert REGIONS.cells("loss[North]") == ["loss[North]"]
    names, values = REGIONS.expanded(["whole", "loss"], np.array([[1.0, 2.0]]))
    assert (names, values.tolist()) == (["whole", "loss[North]", "loss[South]"], [[1, 2, 2]])


def test_a_draw_among_hundreds_is_its_closed_form() -> None:
    ready = GROWTH.ready(["Population"], varied=["growth rate", "initial population"])
    draws = np.random.default_rng(5).uniform([0, 1], [0.1, 500], size=(301, 2))
    batch = ready.batch({}, varied=draws)
    values = ready.run(batch, threads=2)[..., 0]
    expected = np.stack([exponential(batch.times, start, rate, 0.125) for rate, start in draws])
    np.testing.assert_allclose(values, expected, rtol=1e-11)


def test_interpolation_is_numpys_and_weights_sum_to_one() -> None:
    knots, values = np.array([1.0, 2.5, 7.0]), np.array([[3.0, -1.0, 4.0], [0.0, 1.0, 0.0]])
    times = np.linspace(-1, 9, 41).reshape(-1, 1)
    np.testing.assert_allclose(weights(times, knots).sum(-1), 1, rtol=1e-15)
    found = interpolation(times, knots, values)
    assert found.shape == (2, 41, 1)
    for one, row in zip(found[..., 0], values, strict=True):
        np.testing.assert_allclose(one, np.interp(times[:, 0], knots, row), rtol=1e-14, atol=1e-14)


def test_moments_by_method() -> None:
    assert machine_module.MOMENTS == {"euler": 1, "rk4": 3}
