"""Words that a folder adds: they are known in that folder, and only what may be added."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast import history
from sdforecast.errors import InputError
from tests.history.conftest import Write
from tests.history.test_descriptions import GOOD

OWN = {"unit": "boys", "geography": "England", "licence": "CC0-1.0"}
ADDED = '[vocabulary]\nunit = ["boys"]\ngeography = ["England"]\nlicence = ["CC0-1.0"]\n'


def test_words_of_the_folder_are_read_and_checked(write: Write) -> None:
    folder = write(OWN | {"series": "my_series", "breakdown": "all"})
    (folder / "series.toml").write_text(ADDED + GOOD.replace('"deaths"', '"boys"'))
    rows = history.load(folder)
    assert rows[["unit", "geography", "licence"]].to_numpy().tolist() == [["boys", "England", "CC0-1.0"]]
    described = history.load_descriptions(folder)
    assert list(described) == ["my_series"]
    assert history.check(rows, described) == []


def test_without_the_table_they_are_refused_with_the_way_to_add_them(write: Write) -> None:
    folder = write(OWN)
    (folder / "series.toml").write_text(GOOD)
    with pytest.raises(InputError) as caught:
        history.load(folder)
    assert [problem.what for problem in caught.value.problems] == [
        f"{column}: unknown word '{word}'" for column, word in (list(OWN.items())[k] for k in (1, 0, 2))
    ]
    assert all(
        str(problem.hint).endswith("Or add it to [vocabulary] of series.toml") for problem in caught.value.problems
    )


def test_the_shipped_words_stay_known_and_negative_values_are_for_new_units_only(write: Write) -> None:
    folder = write(
        {},
        {"unit": "degrees", "value": "-3", "series": "my_series"},
        {"value": "-3", "period_start": "2023-05-01", "period_end": "2023-05-31"},
    )
    (folder / "series.toml").write_text('[vocabulary]\nunit = ["degrees"]\n' + GOOD)
    problems = [problem.what for problem in history.check(history.load(folder), {})]
    assert [what for what in problems if "negative" in what] == ["synthetic_opioid_deaths: negative value -3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vocabulary = 3", "[vocabulary]: is not a table"),
        ('[vocabulary]\nstatus = ["guessed"]', "[vocabulary]: words of 'status' cannot be added"),
        ('[vocabulary]\nunits = ["boys"]', "[vocabulary]: words of 'units' cannot be added (did you mean 'unit'?)"),
        ('[vocabulary]\nunit = "boys"', "[vocabulary]: 'unit' is not a list of words"),
        ('[vocabulary]\nunit = [" "]', "[vocabulary]: 'unit' is not a list of words"),
        ('[vocabulary]\nunit = ["a\\u202eb"]', "[vocabulary]: 'unit' is not a list of words"),
    ],
)
def test_each_fault_of_the_table(write: Write, text: str, expected: str) -> None:
    folder = write({})
    (folder / "series.toml").write_text(text)
    for load in (history.load, history.load_descriptions):
        with pytest.raises(InputError) as caught:
            load(folder)
        assert str(caught.value).startswith(f"{folder / 'series.toml'}: {expected}")


@pytest.mark.parametrize("missing", ["", "NA", "nan", "."])
def test_a_series_without_any_value_is_one_message(write: Write, missing: str) -> None:
    months = [{"period_start": f"2023-0{m}-01", "period_end": f"2023-0{m}-28", "value": missing} for m in (1, 2, 3)]
    folder = write(*months, {"series": "other"})
    with pytest.raises(InputError) as caught:
        history.load(folder)
    assert str(caught.value) == f"{folder / 'mine.csv'}:2: series 'synthetic_opioid_deaths': all 3 values are missing"


def test_a_single_missing_value_is_told_by_its_row(write: Write) -> None:
    folder: Path = write({}, {"value": "", "period_start": "2023-05-01", "period_end": "2023-05-31"})
    with pytest.raises(InputError, match=r"mine.csv:3: value: '' is not a number \(leave the row out"):
        history.load(folder)
