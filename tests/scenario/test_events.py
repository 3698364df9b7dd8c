"""What enters from outside: each fault of the table with its line, agreement with the model and with the history."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import history
from sdforecast.errors import InputError
from sdforecast.model import ModelFile, read
from sdforecast.scenario import inputs
from sdforecast.scenario.events import disagreements, events

HEAD = "input,time,date,value,reason,source,grade\n"
GOOD = "war,176,2024-09-01,0,Before,Press,seen\n"


WAR = """{UTF-8}
war = WITH LOOKUP(Time,([(176,0)-(178,1)],(176,0),(178,1)))
	~	Dmnl
	~		|
moud = WITH LOOKUP(Time,([(0,0)-(312,1)],(0,0.18),(202,0.4)))
	~	Dmnl
	~		|
INITIAL TIME = 0
	~	Month
	~		|
FINAL TIME = 312
	~	Month
	~		|
TIME STEP = 1
	~	Month
	~		|
SAVEPER = TIME STEP
	~	Month
	~		|
"""


def complaint(tmp_path: Path, text: str) -> str:
    file = tmp_path / "events.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        events(file)
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("war,x,2024-09-01,0,r,s,seen\n", "time 'x' is not a number of months since 2010-01"),
        ("war,nan,2024-09-01,0,r,s,seen\n", "time 'nan' is not a number of months since 2010-01"),
        ("war,-1,2009-12-01,0,r,s,seen\n", "time '-1' is not a number of months since 2010-01"),
        ("war,177,2024-10-01,inf,r,s,seen\n", "value 'inf' is not a finite number"),
        ("war,177,2024-10-01,,r,s,seen\n", "value '' is not a finite number"),
        ("war,177,2024-10,0,r,s,seen\n", "'2024-10' is not a day; write YYYY-MM-DD"),
        ("war,177,2024-10-31,0,r,s,seen\n", "2024-10-31 is time 177.97 and not 177"),
        ("war,175,2024-08-01,0,r,s,seen\n", "time 175 of 'war' does not come after the one before"),
        ("war,176,2024-09-01,0,r,s,seen\n", "time 176 of 'war' does not come after the one before"),
        ("war,177,2024-10-01,0, ,s,seen\n", "'reason' is empty"),
        ("war,177,2024-10-01,0,r,,seen\n", "'source' is empty"),
        ("war,177,2024-10-01,0,r,s,sen\n", "unknown grade 'sen' (did you mean 'seen'?)"),
        ("war,177,2024-10-01,0,r,s\n", "has 6 fields instead of 7"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, row: str, expected: str) -> None:
    assert complaint(tmp_path, HEAD + GOOD + row) == f"events.csv:3: {expected}"


def test_several_wrong_rows_are_told_together_and_other_columns_refused(tmp_path: Path) -> None:
    said = complaint(tmp_path, HEAD + GOOD.replace("seen", "x") + "war,177,2024-10-01,?,r,s,seen\n").splitlines()
    assert [line.split(": ")[0] for line in said] == ["events.csv:2", "events.csv:3"]
    assert complaint(tmp_path, "input,date\n") == f"events.csv:1: needs the columns {HEAD.strip().replace(',', ', ')}"


@pytest.fixture(scope="module")
def shipped_events() -> pd.DataFrame:
    return events()


def test_every_input_of_the_shipped_model_has_its_table(shipped_events: pd.DataFrame) -> None:
    assert [str(problem) for problem in disagreements(read(), shipped_events)] == []
    assert len(shipped_events["input"].unique()) >= 10


@pytest.fixture
def war(tmp_path: Path) -> ModelFile:
    """A model with one table over time, in an instrument's company."""
    file = tmp_path / "war.mdl"
    file.write_text(WAR, encoding="utf-8")
    return read(file)


def knots(*pairs: tuple[float, float], name: str = "war") -> pd.DataFrame:
    return pd.DataFrame([{"input": name, "time": time, "value": value} for time, value in pairs])


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (knots((176, 0), (178, 1)), None),
        (knots((176, 0.25), (178, 1)), "'war' differs from events.csv: 0 at 176 in the model, 0.25 in the table"),
        (knots((176, 0), (179, 1)), "'war' differs from events.csv: a knot at 178 in the model, at 179 in the table"),
        (knots((176, 0)), "'war' differs from events.csv: 2 knots in the model, 1 in the table"),
        (knots(), "'war' enters from outside and has no rows in events.csv"),
    ],
)
def test_a_difference_is_told(war: ModelFile, table: pd.DataFrame, told: str | None) -> None:
    table = table.reindex(columns=["input", "time", "value"])
    assert [problem.what for problem in disagreements(war, table)] == ([told] if told else [])


def test_a_table_for_nothing_is_told_with_the_nearest(war: ModelFile) -> None:
    table = pd.concat([knots((176, 0), (178, 1)), knots((1, 0), name="wars")])
    (problem,) = disagreements(war, table)
    assert (problem.what, problem.hint) == (
        "'wars' of events.csv is no table over time of the model",
        "did you mean 'war'?",
    )


def test_the_check_of_a_model_compares_events_as_well_as_instruments(war: ModelFile) -> None:
    told = [problem.what for problem in inputs.disagreements(war)]
    assert "the model has no instrument 'naloxone'" in told
    assert "'war' enters from outside and has no rows in events.csv" in told
    assert "'Sinaloa war' of events.csv is no table over time of the model" in told


class TestAgainstTheHistory:
    """Where an input is an observed series, its past knots are that series."""

    def of(self, name: str, shipped_events: pd.DataFrame) -> dict[int, float]:
        part = shipped_events[(shipped_events["input"] == name) & (shipped_events["grade"] != "judgement")]
        return {2010 + int(time) // 12: float(value) for time, value in zip(part["time"], part["value"], strict=True)}

    def test_population(self, shipped_events: pd.DataFrame) -> None:
        observed = history.load().query("series == 'resident_population'").set_index("period_start")["value"]
        past = self.of("resident population", shipped_events)
        assert {year: round(observed[f"{year}-07-01"], -4) for year in past} == past

    def test_prescribing(self, shipped_events: pd.DataFrame) -> None:
        observed = history.load().query("series == 'opioid_dispensing_rate'").set_index("period_start")["value"]
        past = self.of("opioid prescribing", shipped_events)
        expected = {year: observed[f"{year}-01-01"] / observed["2010-01-01"] for year in past}
        assert past == pytest.approx(expected, abs=6e-4)

    def test_carfentanil(self, shipped_events: pd.DataFrame) -> None:
        rows = history.load().query("series == 'nflis_carfentanil_reports' and aggregation == 'half-year'")
        rows = rows[rows["geography"] == "US"]
        observed = dict(zip(rows["period_start"].dt.strftime("%Y-%m"), rows["value"], strict=True))
        mean = (observed["2017-01"] + observed["2017-07"]) / 2
        part = shipped_events.query("input == 'carfentanil index' and grade == 'derived' and time > 84")
        starts = [f"{2010 + int(t) // 12}-{1 if int(t) % 12 < 6 else 7:02d}" for t in part["time"]]
        assert len(starts) > 15
        assert part["value"].tolist() == pytest.approx([observed[start] / mean for start in starts], abs=6e-4)


@pytest.mark.parametrize(
    ("name", "date", "reached"),
    [
        ("fentanyl class scheduling in China", "2019-05-01", 0.5),
        ("China suspension", "2022-08-05", 0.05),
        ("interdiction surge", "2023-03-13", 1.0),
    ],
)
def test_events_have_happened_by_their_published_dates(
    name: str, date: str, reached: float, shipped_events: pd.DataFrame
) -> None:
    part = shipped_events[shipped_events["input"] == name]
    year, month, day = (int(piece) for piece in date.split("-"))
    time = (year - 2010) * 12 + month - 1 + (day - 1) / 30
    assert np.interp(time, part["time"], part["value"]) >= reached
    assert np.interp(time - 4, part["time"], part["value"]) < np.interp(time, part["time"], part["value"])


def test_each_knot_says_why_and_where_from(shipped_events: pd.DataFrame) -> None:
    judged = shipped_events["grade"] == "judgement"
    assert shipped_events.loc[judged, "source"].str.contains("judgement").all()
    dated = shipped_events.loc[shipped_events["grade"] == "seen", "source"]
    assert dated.map(lambda text: re.search(r"\d{4}|doi", text) is not None).all()
