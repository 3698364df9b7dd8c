from pathlib import Path

import pytest

from sdforecast import history
from sdforecast.errors import InputError

GOOD = """
[my_series]
title = "Mine"
publisher = "I"
unit = "deaths"
kind = "count"
definition = "What I count."
"""


def message(folder: Path, text: str) -> str:
    (folder / "series.toml").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        history.load_descriptions(folder)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_described_series(tmp_path: Path) -> None:
    (tmp_path / "series.toml").write_text(GOOD + 'breaks = [{ at = "2015-01", what = "reworded" }]\n')
    described = history.load_descriptions(tmp_path)
    assert list(described) == ["my_series"]
    assert described["my_series"].breaks == (history.Break("2015-01", "reworded"),)
    assert described["my_series"].breakdowns == ("all",)


def test_a_folder_without_descriptions_uses_the_shipped(tmp_path: Path) -> None:
    assert history.load_descriptions(tmp_path) == history.load_descriptions()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "titel = 'x'", "unknown key 'titel' (did you mean 'title'?)"),
        (GOOD.replace('"Mine"', "7"), "'title' is missing or is not text"),
        (GOOD.replace('"deaths"', '"death"'), "'unit' has the unknown word 'death' "),
        (GOOD + "regular = ['monthly']", "'regular' has the unknown word 'monthly' "),
        (GOOD + "breakdowns = 'all'", "'breakdowns' is not a list of texts"),
        (GOOD + "not_spliced_with = ['yours']", "'not_spliced_with' has the unknown word"),
        (GOOD + "breaks = ['2015']", "'breaks' is not a list of { at, what }"),
        (GOOD + "breaks = [{ at = '2015', what = 'x' }]", "'breaks' is not a list"),
        ("my_series = 1", "is not a table (write it as [name_of_the_series])"),
    ],
)  # fmt: skip
def test_a_bad_description(tmp_path: Path, text: str, expected: str) -> None:
    assert message(tmp_path, text).startswith(f"series.toml: series 'my_series': {expected}")


def test_bad_toml(tmp_path: Path) -> None:
    expected = "series.toml:1:11: is not valid TOML: Expected ']' at the end of a table declaration"
    assert message(tmp_path, "[my_series\n") == expected


def test_not_text(tmp_path: Path) -> None:
    (tmp_path / "series.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"series\.toml: is not UTF-8 text"):
        history.load_descriptions(tmp_path)
