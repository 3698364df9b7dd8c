"""The hub that is written: what is in it, and that an independent reader gets the types intended."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, issuing
from sdforecast.errors import InputError
from sdforecast.evaluation.levels import HUB_LEVELS
from sdforecast.forecasting import Forecast
from tests.issuing.conftest import MIXES, forecast
from tests.sample_forecast import DEATHS

MODEL, PATHS, SIMPLE = "sdforecast-fentanyl", "sdforecast-fentanyl_paths", "sdforecast-baseline"


@pytest.fixture(scope="module")
def quantiles(written: Path) -> pd.DataFrame:
    return pd.read_csv(written / "model-output" / MODEL / f"2025-04-30-{MODEL}.csv")


@pytest.fixture(scope="module")
def samples(written: Path) -> pd.DataFrame:
    return pd.read_parquet(written / "model-output" / PATHS / f"2025-04-30-{PATHS}.parquet")


def test_the_files_of_a_hub(written: Path) -> None:
    files = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}
    assert files == {
        "hub-config/admin.json", "hub-config/tasks.json", "hub-config/target-data.json",
        "hub-config/model-metadata-schema.json", f"model-metadata/{MODEL}.yml", f"model-metadata/{PATHS}.yml",
        f"model-metadata/{SIMPLE}.yml",
        f"model-output/{SIMPLE}/2025-04-30-{SIMPLE}.csv",
        f"model-output/{MODEL}/2025-04-30-{MODEL}.csv", f"model-output/{PATHS}/2025-04-30-{PATHS}.parquet",
        f"model-abstracts/{MODEL}/2025-04-30.md", "target-data/time-series.csv", "target-data/oracle-output.csv",
    }  # fmt: skip


def test_every_target_has_all_levels_in_every_month(quantiles: pd.DataFrame) -> None:
    tasks = quantiles.groupby(["target", "scenario_id", "horizon"])["output_type_id"].apply(tuple)
    assert set(tasks) == {HUB_LEVELS}
    assert set(quantiles["target"]) == {each.target for each in issuing.QUANTITIES}
    assert quantiles["horizon"].max() == 32  # to the end of the forecast, December 2027


def test_quantiles_are_those_of_the_paths(quantiles: pd.DataFrame, made: Forecast) -> None:
    paths = issuing.counts(made).paths[DEATHS].sel(scenario="military-only", time="2027-12-31").to_numpy()
    rows = quantiles.query(f"target == '{DEATHS}' and scenario_id == 'military-only' and horizon == 32")
    np.testing.assert_allclose(rows["value"], np.quantile(paths, HUB_LEVELS), atol=0.051)


def test_the_baseline_repeats_the_last_sum(written: Path) -> None:
    table = pd.read_csv(written / "model-output" / SIMPLE / f"2025-04-30-{SIMPLE}.csv")
    assert set(table["target"]) == {DEATHS, "all drug deaths"}
    assert (table["horizon"].min(), set(table["scenario_id"])) == (1, {"current-course"})
    medians = table[table["output_type_id"] == 0.5].groupby("target")["value"].agg(set)
    assert medians[DEATHS] == {43505.0}  # as published for April 2025


def test_the_same_index_is_the_same_draw_in_each_scenario(samples: pd.DataFrame) -> None:
    assert samples["output_type_id"].nunique() == 100
    wide = samples[(samples["target"] == f"{DEATHS} month") & (samples["horizon"] == 12)]
    by_mix = wide.pivot(index="output_type_id", columns="scenario_id", values="value")
    np.testing.assert_array_equal(by_mix[MIXES[0]], by_mix[MIXES[1]])  # the sample's mixes part only in 2027


def test_time_series_has_every_vintage(written: Path) -> None:
    table = pd.read_csv(written / "target-data" / "time-series.csv", dtype={"location": str})
    rows = history.load_vintages()
    rows = rows[(rows["series"] == "synthetic_opioid_deaths") & rows["status"].isin(["final", "provisional"])]
    ours = table[table["target"] == DEATHS]
    assert set(rows["vintage"]) <= set(ours["as_of"])
    merged = rows.assign(target_end_date=rows["period_end"].dt.strftime("%Y-%m-%d"), as_of=rows["vintage"]).merge(
        ours, on=["target_end_date", "as_of"], how="left"
    )
    np.testing.assert_array_equal(merged["observation"], merged["value"])


def test_the_oracle_knows_closed_months_only(written: Path) -> None:
    table = pd.read_csv(written / "target-data" / "oracle-output.csv")
    assert table[table["target"] == DEATHS]["target_end_date"].max() == "2024-12-31"
    assert table[table["target"] == "all drug deaths"]["target_end_date"].max() == "2023-12-31"


def test_the_nowcast_is_told_apart_in_the_tasks(written: Path) -> None:
    tasks = json.loads((written / "hub-config" / "tasks.json").read_text())
    told = {each["target_id"]: each["description"] for each in tasks["rounds"][0]["model_tasks"][0]["target_metadata"]}
    assert "Horizons -3 to 0 are a nowcast" in told[DEATHS]
    assert "Horizons -15 to 0 are a nowcast" in told["all drug deaths"]


def test_the_same_forecast_gives_the_same_bytes(written: Path, made: Forecast, tmp_path: Path) -> None:
    issuing.write_hub(made, tmp_path / "again")
    for path in written.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(written)).read_bytes(), path.name


def test_few_draws_make_no_hub(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a hub needs 100 draws, not 99"):
        issuing.write_hub(forecast(draws=99), tmp_path)
    assert not list(tmp_path.iterdir())


def test_hubdata_reads_the_types_that_are_meant(written: Path) -> None:
    hubdata = pytest.importorskip("hubdata")
    table = hubdata.connect_hub(written).to_table()
    assert {name: str(table.schema.field(name).type) for name in table.schema.names} == {
        "reference_date": "date32[day]", "target": "string", "target_end_date": "date32[day]", "horizon": "int32",
        "location": "string", "scenario_id": "string", "output_type": "string", "output_type_id": "double",
        "value": "double", "model_id": "string",
    }  # fmt: skip
    frame = table.to_pandas()
    assert set(zip(frame["model_id"], frame["output_type"], strict=True)) == {
        (MODEL, "quantile"),
        (SIMPLE, "quantile"),
        (PATHS, "sample"),
    }
    assert frame["value"].notna().all()


def test_hubdata_reads_the_target_data(written: Path) -> None:
    hubdata = pytest.importorskip("hubdata")
    from hubdata.create_target_data_schema import TargetType

    series = hubdata.connect_target_data(written, TargetType.TIME_SERIES)
    assert str(series.schema.field("as_of").type) == "date32[day]"
    assert series.get_dataset().to_table().num_rows > 1000
    oracle = hubdata.connect_target_data(written, TargetType.ORACLE_OUTPUT)
    assert str(oracle.schema.field("oracle_value").type) == "double"
    assert oracle.get_dataset().to_table().num_rows > 400
