"""Results as files: what is written comes back, what is damaged is named."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sdforecast.backtesting import keeping, origin_of
from sdforecast.backtesting.keeping import Done
from sdforecast.errors import InputError
from tests.backtesting import samples

MONTH, ORIGIN = "2018-06", origin_of("2018-06")


@pytest.fixture(scope="module")
def done() -> Done:
    return samples.result(MONTH, mode={"rate": -0.25, "latent[3]": 1.5e-7})


@pytest.fixture
def folder(done: Done, tmp_path: Path) -> Path:
    keeping.keep(tmp_path, done)
    return tmp_path


def test_what_is_kept_comes_back(done: Done, folder: Path) -> None:
    found = keeping.read(folder, ORIGIN)
    assert found is not None
    keys = ["method", "target", "origin", "horizon", "target_end_date", "quantile"]
    both = found.forecasts.merge(done.forecasts, on=keys, validate="one_to_one")
    assert len(both) == len(done.forecasts) == 3 * 2 * 4 * 23
    assert ((both["value_x"] - both["value_y"]).abs() <= 0.005 + 1e-9).all()
    assert found.facts["mode"] == done.facts["mode"]
    assert keeping.origins_in(folder) == [ORIGIN]
    assert keeping.modes(folder) == {ORIGIN: done.facts["mode"]}
    before = samples.contents(folder)
    keeping.keep(folder, found)
    assert samples.contents(folder) == before  # rounding once is rounding for good


def test_an_origin_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert keeping.read(tmp_path, ORIGIN) is None
    with pytest.raises(InputError, match="holds no results of a back-test"):
        keeping.read_all(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        keeping.read_all(tmp_path / "nowhere")


def test_a_table_alone_is_no_result(folder: Path) -> None:
    """The record is written last: a kill between the two costs the origin and nothing else."""
    (folder / f"{MONTH}.json").unlink()
    assert keeping.read(folder, ORIGIN) is None


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            lambda f: (f / "2018-06.csv").write_text("method,target\n"),
            r"2018-06\.csv: is not the file that was written",
        ),
        (lambda f: (f / "2018-06.csv").unlink(), r"2018-06\.csv: cannot be read"),
        (lambda f: (f / "2018-06.json").write_text('{"origin": '), r"2018-06\.json: is damaged: not readable as JSON"),
        (lambda f: (f / "2018-06.json").write_text("[1]"), r"2018-06\.json: is damaged: not the record of an origin"),
        (lambda f: (f / "2018-06.json").write_bytes(b"\xff\xfe"), r"2018-06\.json: is damaged"),
        (lambda f: (f / "2018-06.json").write_text("[" * 100_000), r"2018-06\.json: is damaged"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, spoil: object, named: str) -> None:
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=named):
        keeping.read_all(folder)


def resigned(folder: Path, table: pd.DataFrame) -> None:
    """Write a table of forecasts in the place of the one kept, with the hash that belongs to it."""
    text = table.to_csv(index=False)
    (folder / f"{MONTH}.csv").write_text(text)
    record = json.loads((folder / f"{MONTH}.json").read_text())
    record["forecasts_sha256"] = keeping.sha(text.encode())
    (folder / f"{MONTH}.json").write_text(json.dumps(record))


def test_what_is_no_forecast_is_refused_whatever_its_hash(folder: Path, done: Done) -> None:
    table = done.forecasts
    resigned(folder, table.assign(value=-table["value"]))
    with pytest.raises(InputError, match="is no table of forecasts"):
        keeping.read(folder, ORIGIN)
    resigned(folder, table.drop(columns="quantile"))
    with pytest.raises(InputError, match="is no table of forecasts"):
        keeping.read(folder, ORIGIN)
    resigned(folder, samples.forecasts("2019-12"))
    with pytest.raises(InputError, match="another month than 2018-06"):
        keeping.read(folder, ORIGIN)


def test_a_mode_that_is_none_is_passed_over(folder: Path, done: Done) -> None:
    for mode in ("no", {"rate": "high"}, {"rate": True}):
        keeping.keep(folder, Done(ORIGIN, done.forecasts, {**done.facts, "mode": mode}))
        assert keeping.modes(folder) == {}
