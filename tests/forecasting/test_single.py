"""One run of our model or of anyone's: time, overrides, tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast import scenario
from sdforecast.errors import InputError
from sdforecast.forecasting import single
from sdforecast.model import ModelFile, read
from tests.small import MODELS, exponential, small

DEATHS = "synthetic opioid deaths"


def edited(tmp_path: Path, *changes: tuple[str, str]) -> ModelFile:
    """The growth model with a variable named naloxone, and other changes."""
    text = (MODELS / "growth.mdl").read_text().replace("growth rate", "naloxone")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "edited.mdl").write_text(text)
    return read(tmp_path / "edited.mdl")


class TestTime:
    def test_ours_counts_months(self) -> None:
        assert single.counts_months(read())

    def test_another_has_a_time_of_its_own(self) -> None:
        assert not single.counts_months(small("growth.mdl"))

    @pytest.mark.parametrize(
        ("change", "months"),
        [
            (("FINAL TIME  = 40", "FINAL TIME  = 41"), True),
            (("INITIAL TIME  = 0", "INITIAL TIME  = 1990"), False),
            (("SAVEPER  = 1", "SAVEPER  = 0.5"), False),
            (("TIME STEP  = 0.125\n\t~\tMonth", "TIME STEP  = 0.125\n\t~\tYear"), False),
        ],
    )
    def test_an_instrument_is_no_sign_without_months_from_0(
        self, tmp_path: Path, change: tuple[str, str], months: bool
    ) -> None:
        assert single.counts_months(edited(tmp_path, change)) is months

    def test_a_model_with_a_time_of_its_own_takes_no_scenario(self, tmp_path: Path) -> None:
        mix = [scenario.load("current-course")]
        with pytest.raises(InputError, match="has no instrument, so a scenario cannot be applied"):
            single.run(small("growth.mdl"), mix)
        with pytest.raises(InputError, match="does not count months from time 0 with SAVEPER 1"):
            single.run(edited(tmp_path, ("SAVEPER  = 1", "SAVEPER  = 0.5")), mix)


class TestOwnTime:
    def test_values_and_times_are_the_models(self) -> None:
        runs = single.run(small("growth.mdl"), first=10, last=20)
        assert set(runs.data_vars) - {"growth rate", "initial population", "half life"} == {
            "Population", "births", "Drug_left",
        }  # fmt: skip
        assert runs["time"].to_numpy().tolist() == list(range(10, 21))
        expected = exponential(np.arange(10, 21), 100, 0.02, 0.125)
        np.testing.assert_allclose(runs["Population"], expected, rtol=1e-12)
        assert runs["births"].attrs == {"unit": "person/Month", "comment": "Births.", "per": ""}

    def test_subscripted_variables_keep_their_dimensions_and_are_rows_of_a_tidy_table(self) -> None:
        runs = single.run(small("regions.mdl"), last=2)
        assert runs["Stock"].dims == ("time", "Region")
        assert set(single.tidy(runs)["variable"]) == {
            "Stock[North]", "Stock[South]", "loss[North]", "loss[South]", "whole",
        }  # fmt: skip

    def test_a_span_without_a_saved_time(self) -> None:
        with pytest.raises(InputError, match="the span asked for holds no saved time"):
            single.run(small("growth.mdl"), first=50)


class TestOverrides:
    def test_a_constant_by_any_case(self) -> None:
        runs = single.run(small("growth.mdl"), overrides={"Growth_Rate": 0.05})
        assert runs["births"].to_numpy()[0] == pytest.approx(5)

    def test_an_auxiliary_is_frozen(self) -> None:
        assert set(single.run(small("growth.mdl"), overrides={"births": 0}).Population.to_numpy()) == {100}

    def test_a_stock_is_no_constant(self) -> None:
        with pytest.raises(InputError, match="'Population' is not a constant but of kind stock"):
            single.run(small("growth.mdl"), overrides={"population": 3})

    def test_they_win_over_the_instruments_of_a_scenario(self) -> None:
        mix = [scenario.load("military-only")]
        runs = single.run(read(), mix, {"military action": 0.25}, ["military action"], first=200, last=230)
        assert set(runs["military action"].to_numpy().ravel()) == {0.25}


class TestOurs:
    @pytest.fixture(scope="class")
    @staticmethod
    def runs() -> xr.Dataset:
        mixes = [scenario.load("military-only"), scenario.load("current-course")]
        return single.run(read(), mixes, variables=[DEATHS, "powder purity"], first=3, last=40)

    def test_months_and_scenarios(self, runs: xr.Dataset) -> None:
        assert dict(runs.sizes) == {"scenario": 2, "time": 38}
        days = pd.DatetimeIndex(runs["time"].to_numpy())
        assert [str(day)[:10] for day in days[[0, -1]]] == ["2010-04-30", "2013-05-31"]

    def test_whole_years_leave_out_the_begun_ones(self, runs: xr.Dataset) -> None:
        assert single.whole_years(runs) == [2011, 2012]

    def test_flows_are_summed_over_years_and_levels_read_at_their_end(self, runs: xr.Dataset) -> None:
        table = single.by_year(runs, [2011, 2012]).set_index(["scenario", "variable"])
        ours = runs.sel(scenario="current-course")
        row = table.loc[("current-course", DEATHS)]
        assert row["2011"] == pytest.approx(ours[DEATHS].sel(time="2011").sum().item())
        assert "year" in row["unit"]
        purity = table.loc[("current-course", "powder purity")]
        assert purity["2012"] == ours["powder purity"].sel(time="2012-12-31").item()

    def test_tidy_has_a_row_for_every_value(self, runs: xr.Dataset) -> None:
        table = single.tidy(runs)
        assert list(table.columns) == ["scenario", "time", "variable", "unit", "value"]
        assert len(table) == 2 * 38 * 2
        one = table[
            (table["scenario"] == "military-only") & (table["variable"] == DEATHS) & (table["time"] == "2011-02-28")
        ]
        assert one["value"].item() == runs[DEATHS].sel(scenario="military-only", time="2011-02-28").item()

    def test_without_a_scenario_it_is_the_current_course(self, runs: xr.Dataset) -> None:
        alone = single.run(read(), variables=[DEATHS], first=3, last=40)
        assert alone["scenario"].to_numpy().tolist() == ["current-course"]
        np.testing.assert_array_equal(
            alone[DEATHS].sel(scenario="current-course"), runs[DEATHS].sel(scenario="current-course")
        )

    def test_a_scenario_twice(self) -> None:
        mix = scenario.load("current-course")
        with pytest.raises(InputError, match="scenario 'current-course' is asked for twice"):
            single.run(read(), [mix, mix])
