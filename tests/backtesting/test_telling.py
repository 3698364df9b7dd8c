"""The page for readers tells what the code does."""

import re
from pathlib import Path

from sdforecast import parameters
from sdforecast.backtesting import hindsight, known_at, origins, telling

PAGE = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text("utf-8")


def test_the_table_of_what_was_known_is_current() -> None:
    """To mend it: put `telling.markdown(telling.table(map(known_at, origins())))` between the marks."""
    told = re.search("<!-- known -->\n(.*)\n<!-- end -->", PAGE, re.DOTALL)
    assert told is not None
    assert told[1] == telling.markdown(telling.table(map(known_at, origins())))


def test_the_number_of_priors_with_later_sources_is_current() -> None:
    found = hindsight.newest_source(parameters.load())
    newest = found.loc[found["free"], "newest"]
    counts = [len(newest), *(int((newest >= year).sum()) for year in (2018, 2022, 2024))]
    words = r"the (\d+) constants with a prior, the text of (\d+) names .*?; (\d+) one of 2022 .*?, (\d+) one of 2024"
    told = re.search(words, " ".join(PAGE.split()))
    assert told is not None
    assert [int(number) for number in told.groups()] == counts
