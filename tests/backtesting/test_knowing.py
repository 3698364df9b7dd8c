"""Nothing learnt after an origin changes what was known at it: the future is corrupted, the bytes stay the same."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdforecast import history, model, observation, shipped
from sdforecast.backtesting import Known, known_at, origin_of, origins, released, writing
from sdforecast.errors import InputError

MONTHS = [f"{day:%Y-%m}" for day in origins(every=1)]
VARIANTS = ("then", "simulated", "today")


def bytes_of(known: Known, folder: Path) -> dict[str, bytes]:
    """Everything that a study is given at an origin, as bytes; priors and targets follow from the rows."""
    writing.history(folder, known.rows, known.vintages, known.folder)
    writing.instruments(folder, known.instruments)
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    found |= {name: series.to_csv().encode() for name, series in known.tables.items()}
    return found | {"levels": known.levels.to_csv().encode(), "told": repr((known.deaths_from, known.held)).encode()}


def corrupt(folder: Path, origin: pd.Timestamp, known_until: pd.Timestamp, factor: float, drop: int) -> Path:
    """Copy the shipped history with every number after an origin changed, and every `drop`-th row of them left out."""
    folder.mkdir()
    for path in shipped.history_dir().iterdir():
        if path.suffix == ".toml":
            shutil.copy(path, folder)
    now = (origin.year - 2010) * 12 + origin.month
    for path in sorted(shipped.history_dir().glob("*.csv")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if "period_end" in table:
            later, column = table["period_end"] > f"{origin:%Y-%m-%d}", "value"
            if path.name.endswith("_vintages.csv"):
                later |= table["vintage"].where(table["vintage"].str.len() == 10, "9999") > f"{known_until:%Y-%m-%d}"
        elif path.name == "events.csv":
            later, column = table["time"].astype(float) > now, "value"
        elif path.name == "instruments.csv":
            later, column = table["date"] > f"{origin:%Y-%m}", "level"
        else:
            shutil.copy(path, folder)
            continue
        for name in (column, "low", "high"):
            if name in table:
                filled = later & (table[name] != "")
                worse = (table.loc[filled, name].astype(float) * factor + 0.001).clip(
                    upper=1 if column == "level" else None
                )
                table.loc[filled, name] = worse.map(repr)
        gone = later & (later.cumsum() % drop == 0)
        table[~gone].to_csv(folder / path.name, index=False)
    return folder


@given(
    month=st.sampled_from(MONTHS), variant=st.sampled_from(VARIANTS), seed=st.integers(0, 3),
    factor=st.sampled_from([0.0, 0.1, 0.9, 3.0, 10.0]), drop=st.integers(2, 9),
)  # fmt: skip
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_future_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, month: str, variant: str, seed: int, factor: float, drop: int
) -> None:
    place = tmp_path_factory.mktemp("leak")
    expected = known_at(month, variant=variant, seed=seed)  # type: ignore[arg-type]
    folder = corrupt(place / "corrupt", expected.origin, expected.released, factor, drop)
    found = known_at(month, folder, variant=variant, seed=seed)  # type: ignore[arg-type]
    assert bytes_of(found, place / "found") == bytes_of(expected, place / "expected")


@pytest.mark.parametrize("month", ["2017-12", "2020-06"])
def test_the_past_does_change_it(tmp_path: Path, month: str) -> None:
    """The same corruption two years earlier is seen: the test above can fail."""
    expected = known_at(month)
    folder = corrupt(tmp_path / "corrupt", expected.origin - pd.DateOffset(years=2), expected.released, 3.0, 99_999)
    found, known = bytes_of(known_at(month, folder), tmp_path / "found"), bytes_of(expected, tmp_path / "expected")
    assert found["known.csv"] != known["known.csv"]
    assert found["known_vintages.csv"] != known["known_vintages.csv"]
    assert found["levels"] != known["levels"]


@pytest.mark.parametrize("origin", origins(every=21))
def test_what_is_written_is_a_sound_history(tmp_path: Path, origin: pd.Timestamp) -> None:
    known, columns = known_at(origin), list(history.COLUMNS)
    assert (known.rows["period_end"] <= origin).all()
    assert (known.vintages["period_end"] <= origin).all()
    assert (known.vintages["vintage"] <= f"{known.released:%Y-%m-%d}").all()
    sources = known.write(tmp_path)
    found = history.load(tmp_path)
    pd.testing.assert_frame_equal(found[columns], known.rows[columns])
    assert history.check(found) == []
    assert history.check(history.load_vintages(tmp_path), by_vintage=True) == []
    # What is still aimed at finds an observation, deaths among it.
    targets = observation.load(sources.targets)
    observed = observation.observations(targets, found)
    assert observed[observed["target"] == "deaths, monthly from 2014"]["end"].max() == origin
    assert set(observed["target"]) == {each.name for each in targets}


def test_targets_come_in_as_their_series_do(tmp_path: Path) -> None:
    names = [
        {each.name for each in observation.load(known_at(month).write(tmp_path / month).targets)}
        for month in ("2017-12", "2021-06", "2024-12")
    ]
    assert names[0] < names[1] < names[2]
    assert names[2] >= {each.name for each in observation.load() if each.fitted}
    assert "fentanyl share" in names[0]
    assert "visits for nonfatal overdoses" not in names[0]


@pytest.mark.parametrize(
    ("month", "series", "last"),
    [
        ("2017-12", "fentanyl_share_of_market", "2016-12-31"),  # the share of a year from June of the next
        ("2018-05", "fentanyl_share_of_market", "2016-12-31"),
        ("2018-06", "fentanyl_share_of_market", "2017-12-31"),
        ("2017-12", "heroin_use_disorder", "2016-12-31"),  # surveys after ten months
        ("2017-12", "moud_patients", "2016-03-31"),  # censuses after eighteen
        ("2018-12", "heroin_deaths_without_synthetic_opioids", "2017-12-31"),  # closed files after a year
        ("2018-12", "cbp_fentanyl_seized", "2018-11-30"),
        ("2023-12", "fentanyl_powder_purity", "2019-12-31"),  # 2023's purity came in 2024
    ],
)
def test_a_series_waits_for_its_publication(month: str, series: str, last: str) -> None:
    rows = known_at(month).rows
    usable = rows[(rows["series"] == series) & rows["status"].isin(history.USABLE)]
    assert f"{usable['period_end'].max():%Y-%m-%d}" == last


def test_who_waits_for_the_file_knows_more() -> None:
    origin = origin_of("2017-12")
    rows = known_at(origin, day=released(origin)).rows
    assert rows.loc[rows["series"] == "fentanyl_share_of_market", "period_end"].max() == pd.Timestamp(2017, 12, 31)
    with pytest.raises(InputError, match="after the release"):
        known_at(origin, day=pd.Timestamp(2020, 1, 1))


def test_a_folder_without_files_of_the_day_gets_noise(tmp_path: Path) -> None:
    for name in ("deaths.csv", "series.toml"):
        shutil.copy(shipped.history_dir() / name, tmp_path)
    known = known_at("2018-06", tmp_path)
    assert set(known.deaths_from.values()) == {"simulated"}
    assert known.vintages.empty


def test_a_series_that_nobody_dated_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(shipped.history_dir(), folder)
    text = (folder / "series.toml").read_text("utf-8")
    (folder / "series.toml").write_text(
        text.replace("\npublished_after_months", "\n# published_after_months", 1), "utf-8"
    )
    with pytest.raises(InputError, match="series 'all_drug_deaths' does not say when it is published"):
        known_at("2020-12", folder)


def test_inputs_are_those_of_the_model() -> None:
    known, fentanyl = known_at("2019-12"), model.read(shipped.model_file())
    given = known.inputs(fentanyl)
    assert len(given) == len(known.tables) + known.levels.shape[1]
    assert given["COVID disruption shape"].max() == 0
    # Growth of 2016 to 2019 goes on: some 0.54 % a year.
    population = given["resident population"]
    assert population[228.0] / population[216.0] == pytest.approx((328.33 / 323.07) ** (1 / 3), rel=1e-3)
    np.testing.assert_array_equal(given["naloxone"].to_numpy()[-12:], 0.152)
