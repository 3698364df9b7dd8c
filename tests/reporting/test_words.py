import numpy as np
import pandas as pd
import pytest

from sdforecast.reporting import findings, words
from tests.sample_forecast import MIXES, sample


def test_a_number_with_its_spread() -> None:
    values = np.linspace(30_000, 60_000, 101)
    assert words.about(values) == "about 45,000 (90 % range: 32,000 to 58,000)"
    assert words.about(values, "deaths") == "about 45,000 deaths (90 % range: 32,000 to 58,000)"
    assert words.about(np.array([43_505.0])) == "about 44,000 (one draw)"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([-12_000, -9_000, -6_000], "about 9,000 fewer (90 % range: 6,300 to 12,000 fewer)"),
        ([1_000, 2_000, 3_000], "about 2,000 more (90 % range: 1,100 to 2,900 more)"),
        ([-2_000, 500, 1_000], "about 500 more (90 % range: 1,800 fewer to 950 more)"),
        ([0, 0, 0], "no difference (throughout the 90 % range)"),
        ([-57_000, -57_000, -47], "about 57,000 fewer (90 % range: 5,700 to 57,000 fewer)"),
        ([-1234.0], "about 1,200 fewer (one draw)"),
    ],
)
def test_differences_say_fewer_or_more(values: list[float], text: str) -> None:
    assert words.fewer(np.array(values, dtype=float)) == text


def test_shares_of_draws() -> None:
    assert words.times(12, 12) == "all 12 draws"
    assert words.times(11, 12) == "11 of 12 draws"
    assert words.times(1, 1) == "the one draw"
    assert words.times(0, 1) == "not in the one draw"


@pytest.mark.parametrize(
    ("share", "word"),
    [(1.0, "very likely"), (0.9, "very likely"), (0.66, "likely"), (0.5, "about as likely as not"), (0.2, "unlikely"),
     (0.0, "very unlikely")],
)  # fmt: skip
def test_the_same_word_for_the_same_chance(share: float, word: str) -> None:
    assert words.chance(share) == word


def test_small_words() -> None:
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.month(pd.Timestamp("2025-04-30")) == "April 2025"
    assert words.month("2023-06") == "June 2023"
    assert words.span("2013-01 to 2013-01") == "2013-01"
    assert words.span("2013-01 to 2013-12") == "2013-01 to 2013-12"
    assert [words.percent(value) for value in (4.66, 12.34)] == ["4.7 %", "12 %"]
    assert words.published(43_505) == "43,500"


def test_ranking_names_the_lowest_median_and_in_how_many_draws_it_is_lowest() -> None:
    forecast = sample(draws=3)
    deaths = forecast.trajectories["synthetic opioid deaths"]
    deaths.values[0, 2, 204:] += 1000  # in draw 0 the last mix is the worst, in the other two the best
    text = findings.ranking(forecast)
    assert "“Treatment and naloxone surge” has the fewest deaths over 2027–2035, about 22,000 fewer" in text
    assert text.endswith("in the model it is likely to be the lowest of them (2 of 3 draws).")
    order = findings.whole_order(forecast)
    assert "Treatment and naloxone surge; Military action only; Current course." in order
    assert order.endswith("This order as a whole holds in 2 of 3 draws.")


def test_no_condition_is_said_to_be_better_where_the_reference_is_lowest() -> None:
    forecast = sample(MIXES[:2], draws=3)
    forecast.trajectories["synthetic opioid deaths"].values[:, 1, 204:] += 500
    assert findings.ranking(forecast) == (
        "Over 2027–2035, no other policy mix compared here has fewer; that holds in all 3 draws."
    )


def test_what_a_figure_says_comes_from_its_numbers() -> None:
    forecast = sample()
    assert "peaked at 77,700 in June 2023 and stood at 43,500 in April 2025" in findings.fan(forecast)
    assert findings.by_year(forecast).startswith(
        "Largest yearly difference of the median: Military action only: 1,200 fewer"
    )
    assert findings.targets(forecast).startswith("2 of 3 observations are met within a factor of two.")
    assert "off by 10 % on average over 2 observations" in findings.sector(forecast, "Demand")
    assert findings.sector(forecast, "Precursor supply").startswith("None of these variables is observed")
