"""Reading runs back: what `run -o` writes, tables of a user's own, and files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sdforecast as sdf
from sdforecast import runfiles
from sdforecast.cli.saving import save
from sdforecast.errors import InputError, MachineError
from sdforecast.forecasting import single
from tests.small import MODELS, small


@pytest.fixture(scope="module")
def months() -> xr.Dataset:
    return single.run(sdf.load_model().file, variables=["dose", "fentanyl seized gross"], last=30)


@pytest.mark.parametrize("suffix", [".csv", ".tab", ".nc", ".parquet"])
def test_what_was_written_is_read(suffix: str, months: xr.Dataset, tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"run{suffix}"
    save(months, path)
    found = runfiles.read(path)
    assert list(found) == ["current-course"]
    for name in months.data_vars:
        series = found["current-course"][str(name)]
        assert list(series.index) == list(months["time"].to_numpy())
        np.testing.assert_allclose(series, months[name].sel(scenario="current-course"), rtol=1e-9)


@pytest.mark.parametrize("suffix", [".csv", ".nc"])
def test_elements_have_the_same_names_in_every_form(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix}"
    runs = single.run(small("regions.mdl"))
    save(runs, path)
    found = runfiles.read(path)[""]
    assert {"Stock[North]", "Stock[South]", "whole"} <= set(found)
    np.testing.assert_allclose(found["Stock[South]"], runs["Stock"].isel({runs["Stock"].dims[1]: 1}), rtol=1e-9)


def test_a_wide_table_of_a_users_own(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("time,a,b\n2,1,\n1,0,5\n")
    found = runfiles.read(path)[""]
    assert found["a"].to_dict() == {1.0: 0.0, 2.0: 1.0}
    assert np.isnan(found["b"][2.0])


BROKEN = {
    "time,a\n1,x\n": "column 'a' holds 'x', which is no number",
    "time,a\n1,2\n1,3\n": "time 1.0 stands twice",
    "time,variable,value\n1,a,2\n1,a,3\n": "'a' stands twice at 1.0",
    "time,a\nyesterday,2\n": "neither numbers nor days",
    "when,a\n1,2\n": "no column 'time'",
    "time,a\n": "has no rows",
    "time,a\n,2\n3,4\n": "rows without a time",
    "": "is not a readable run",
    "\x00\x01": "column 'time'|is not a readable run",
    'time,a\n"1,2\n': "is not a readable run",
}


@pytest.mark.parametrize(("text", "what"), BROKEN.items())
def test_what_is_wrong_with_a_table_is_told(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=what):
        runfiles.read(path)


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.nc").write_bytes(b"CDF\x01 and then nothing")
    with pytest.raises(InputError, match="is not a readable run"):
        runfiles.read(tmp_path / "broken.nc")
    with pytest.raises(InputError, match="no such file"):
        runfiles.read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is not a file of a run"):
        runfiles.read(MODELS / "growth.mdl")
    (tmp_path / "some.csv").write_text("time,a\n1,2\n")
    monkeypatch.setattr(runfiles, "LARGEST", 3)
    with pytest.raises(InputError, match="is larger than"):
        runfiles.read(tmp_path / "some.csv")


def test_parquet_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfiles.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "run.parquet").write_bytes(b"")
    with pytest.raises(MachineError, match="Parquet needs pyarrow"):
        runfiles.read(tmp_path / "run.parquet")


def test_a_dataset_without_time() -> None:
    with pytest.raises(InputError, match="holds no values over time"):
        runfiles.by_scenario(xr.Dataset({"a": 1.0}))
    assert pd.Series(runfiles.by_key(xr.Dataset(coords={"time": [0.0]}))).empty
