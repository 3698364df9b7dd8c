"""The series that stand for inputs: each source where it speaks, a run of the whole model elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sdforecast as sdf
from sdforecast.calendar import parse_month
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.sectors import Held, boundary, earlier, held, observed
from tests.sectors.inputs import observed_input
from tests.small import small

LYNX = pd.DataFrame({"time": [10.0, 20.0], "Lynx": [7.0, 9.0]})


def predation(inputs: str | Path | xr.Dataset) -> Held:
    model = small("predation.mdl")
    return held(model, boundary(model, "Prey"), inputs)


class TestRun:
    def test_it_is_there_at_every_step(self) -> None:
        series = predation("run").series
        assert set(series) == {"Lynx", "season"}
        assert len(series["Lynx"]) == 601  # 60 months in steps of a tenth

    def test_constants_change_it(self) -> None:
        model = small("predation.mdl")
        found = held(model, boundary(model, "Prey"), over={"depth of winter": 0.0})
        assert found.series["season"].iloc[0:150].unique().tolist() == [1.0]


class TestFile:
    def test_it_counts_where_it_speaks(self, tmp_path: Path) -> None:
        path = tmp_path / "lynx.csv"
        LYNX.to_csv(path, index=False)
        found, run = predation(path), predation("run").series["Lynx"]
        lynx = found.series["Lynx"]
        inside = (lynx.index > 9.95) & (lynx.index < 20.05)
        np.testing.assert_allclose(lynx[inside], np.interp(lynx.index[inside], [10, 20], [7, 9]))
        pd.testing.assert_series_equal(lynx[~inside], run[~inside], check_names=False)
        origins = {one.variable: one for one in found.origins}
        assert (origins["Lynx"].source, origins["Lynx"].first, origins["Lynx"].last) == ("file", "10", "20")
        assert (origins["season"].source, origins["season"].used_by) == ("run", ("eaten",))

    def test_a_file_without_any_input(self, tmp_path: Path) -> None:
        path = tmp_path / "other.csv"
        LYNX.rename(columns={"Lynx": "Wolves"}).to_csv(path, index=False)
        with pytest.raises(InputError, match=r"holds none of the inputs of sector 'Prey' \(it takes: Lynx, season\)"):
            predation(path)

    def test_values_that_are_not_finite(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.csv"
        path.write_text("time,Lynx\n0,1\n1,inf\n")
        with pytest.raises(InputError, match="the values of 'Lynx' are not finite"):
            predation(path)

    def test_days_for_a_model_with_a_time_of_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "days.csv"
        path.write_text("time,Lynx\n2010-01-31,1\n2010-02-28,2\n")
        with pytest.raises(InputError, match="gives 'Lynx' by days"):
            predation(path)

    def test_a_word_that_is_nothing(self) -> None:
        with pytest.raises(InputError, match=r"no inputs 'histroy' \(did you mean 'history'\? or a file"):
            predation("histroy")

    def test_history_means_nothing_to_another_model(self) -> None:
        with pytest.raises(InputError, match="does not count months from January 2010"):
            predation("history")

    def test_scenarios_are_told_apart_by_name(self) -> None:
        model = read()
        demand = boundary(model, "Demand")
        runs = xr.concat(
            [sdf.load_model().run(scenario=name) for name in ("current-course", "military-only")],
            pd.Index(["current-course", "military-only"], name="scenario"),
        )
        found = held(model, demand, runs, scenario="military-only", until=312, monthly=True)
        stock = found.series["US wholesale inventory"]
        expected = runs["US wholesale inventory"].sel(scenario="military-only")
        np.testing.assert_allclose(stock[[213.0, 312.0]], expected.to_numpy()[[212, 311]])
        with pytest.raises(InputError, match="holds no scenario 'something-else'"):
            held(model, demand, runs, scenario="something-else", until=312, monthly=True)


class TestMonths:
    def test_a_saved_run_gives_levels_at_month_ends_and_sums_of_flows(self) -> None:
        """A counted flow is an input of a sector that follows from it: its steps add up to the saved sums."""
        months = pd.date_range("2011-01-31", periods=12, freq="ME")
        values = pd.Series(np.arange(12.0), index=months)
        times = np.arange(0, 48.25, 0.25)
        flow, span = earlier.path(read(), "synthetic opioid deaths", values, times, monthly=True, where=None)
        assert span == ("2011-01", "2011-12")
        sums = np.nansum(flow[48:96].reshape(12, 4), axis=1) * 0.25
        np.testing.assert_allclose(sums, np.arange(12.0), atol=1e-12)
        level, _ = earlier.path(read(), "dose", values, times, monthly=True, where=None)
        np.testing.assert_allclose(level[52:97:4], np.arange(12.0))
        assert np.isnan(level[51])

    def test_history_where_there_is_some(self) -> None:
        model = read()
        sector, name, span = observed_input()
        within = boundary(model, sector)
        found = held(model, within, "history", until=312, monthly=True)
        run = held(model, within, until=312, monthly=True).series[name]
        origins = {one.variable: one for one in found.origins}
        assert (origins[name].source, (origins[name].first, origins[name].last)) == ("history", span)
        first, last = parse_month(span[0]), parse_month(span[1]) + 1
        outside = (run.index < first) | (run.index > last)
        pd.testing.assert_series_equal(found.series[name][outside], run[outside])
        rows = observed.periods([name])[name]
        one = rows[~rows.duplicated(["first", "last"], keep=False)].iloc[len(rows) // 2]
        middle = (one["first"] + one["last"] + 1) / 2
        assert found.series[name][middle] == pytest.approx(one["observed"], rel=1e-9)
