"""What is said of results: scores that are known, periods kept apart, sentences that follow the numbers."""

from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("scoringrules")

from sdforecast import history
from sdforecast.backtesting import judging, origin_of
from sdforecast.backtesting.judging import Backtest, judge
from sdforecast.backtesting.keeping import Done
from sdforecast.backtesting.names import OURS, RIVAL, WITH_RIVAL, turn
from sdforecast.errors import InputError
from sdforecast.evaluation.comparing import LAST_DEVELOPMENT
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS
from sdforecast.evaluation.outcomes import outcomes
from tests.backtesting import samples


@pytest.fixture(scope="module")
def results() -> list[Done]:
    return [samples.result(month) for month in samples.MONTHS]


@pytest.fixture(scope="module")
def found(results: list[Done]) -> Backtest:
    return judge(results)


def test_the_mean_of_two_methods_is_scored_beside_them(found: Backtest) -> None:
    wide = found.forecasts.pivot_table(
        index=["target", "origin", "horizon", "quantile"], columns="method", values="value"
    )
    pd.testing.assert_series_equal(wide[WITH_RIVAL], (wide[OURS] + wide[RIVAL]) / 2, check_names=False)
    assert found.methods == [OURS, WITH_RIVAL, "last value", RIVAL]


def test_who_knows_the_outcome_has_no_error(results: list[Done]) -> None:
    counted = outcomes(history.load()).rename(columns={"value": "outcome"})
    keys = ["target", "target_end_date"]
    perfect = []
    for done in results:
        table = done.forecasts.merge(counted[[*keys, "outcome"]], on=keys, how="left")
        known = (table["method"] == OURS) & table["outcome"].notna()
        table.loc[known, "value"] = table.loc[known, "outcome"]
        perfect.append(Done(done.origin, table.drop(columns="outcome"), done.facts))
    skill = judge(perfect).skill.set_index("method")
    assert (skill.loc[OURS, "relative"] < 1e-9).all()
    assert (skill.loc[OURS, "covered_50"] == 1).all()
    assert (skill.loc["last value", "relative"] == 1).all()


def test_development_looks_at_nothing_later(results: list[Done], found: Backtest) -> None:
    early = judge(results, until=LAST_DEVELOPMENT)
    assert early.scores["target_end_date"].max() <= LAST_DEVELOPMENT
    assert early.outcomes["target_end_date"].max() <= LAST_DEVELOPMENT
    assert set(early.skill["period"]) == {"joint", "development"}
    keys = ["target", "horizon", "method"]
    expected, seen = (one.skill[one.skill["period"] == "development"].set_index(keys) for one in (found, early))
    pd.testing.assert_series_equal(seen["relative"], expected["relative"])
    assert any("all of it is development" in sentence for sentence in early.said())


def test_every_origin_is_shown_with_its_turn(found: Backtest) -> None:
    rows = found.by_origin[found.by_origin["method"] == OURS]
    turns = rows.drop_duplicates("origin").set_index("origin")["turn"]
    assert [turns[origin_of(month)] for month in samples.MONTHS] == [
        "", "", "rise of 2020", "rise of 2020", "fall from 2023",
    ]  # fmt: skip
    assert turn(origin_of("2023-12")) == "fall from 2023"
    assert turn(origin_of("2024-06")) == turn(origin_of("2019-06")) == ""


def test_the_worst_origin_is_named_with_its_numbers(found: Backtest) -> None:
    scores = found.scores[(found.scores["method"] == OURS) & (found.scores["target"] == SYNTHETIC_OPIOIDS)]
    worst = scores.loc[scores["wis_log"].idxmax()]
    (sentence,) = [each for each in found.worst_in_words() if SYNTHETIC_OPIOIDS in each]
    assert f"that of {worst['origin']:%B %Y} for the twelve months to {worst['target_end_date']:%B %Y}" in sentence
    assert f"{abs(worst['percent_error']):.0f} % too {'high' if worst['percent_error'] > 0 else 'low'}" in sentence


def test_what_must_be_known_is_said(found: Backtest, results: list[Done]) -> None:
    said = " ".join(found.said())
    assert "pseudo-prospective" in said
    assert "the structure of the model was chosen with hindsight" in said
    assert "counts from the origin, the last month whose deaths were known" in said
    assert "at 2 of 5 origins; at the other 3 provisional noise was simulated" in said
    assert "Every refit is the normal approximation" in said
    assert "At 36 months all of them were forecast from earlier origins" in said
    today = [Done(done.origin, done.forecasts, {**done.facts, "deaths_from": {"a": "today"}}) for done in results]
    assert "Counts are today's" in " ".join(judge(today).said())


def test_published_projections_stand_beside_ours() -> None:
    late = judge([samples.result("2020-12")])
    assert len(late.published) > 10
    rows = late.beside[late.beside["model"].str.startswith("SOURCE")]
    assert {OURS, WITH_RIVAL, RIVAL} == set(rows["method"])
    assert {12, 24, 36} <= set(rows["horizon"])


def test_nothing_to_score_is_an_error(results: list[Done]) -> None:
    with pytest.raises(InputError, match="without an origin"):
        judge([])
    with pytest.raises(InputError, match="no outcome of these origins has been counted yet"):
        judge(results[-1:], until=pd.Timestamp(2020, 1, 1))


def test_without_a_folder_there_is_no_shipped_backtest(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr("sdforecast.shipped.backtest_dir", lambda: tmp_path)
    assert judging.shipped_backtest() is None


def test_structures_are_scored_beside_the_whole_and_told(results: list[Done]) -> None:
    told = [{"name": "broad", "weight": 0.75}, {"name": "narrow", "weight": 0.25}]
    several = []
    for done in results:
        ours = done.forecasts[done.forecasts["method"] == OURS]
        more = [ours.assign(method=each["name"], value=ours["value"] * (1 + k)) for k, each in enumerate(told)]
        several.append(Done(done.origin, pd.concat([done.forecasts, *more]), {**done.facts, "structures": told}))
    found = judge(several)
    assert found.methods == [OURS, WITH_RIVAL, "broad", "narrow", "last value", RIVAL]
    assert found.structures == ["broad", "narrow"]
    assert list(dict.fromkeys(found.skill["method"])) == found.methods
    assert (
        f"'{OURS}' mixes the draws of 2 structures (broad 75%, narrow 25%); each is scored beside it." in found.said()
    )
    skill = found.skill.set_index(["period", "target", "horizon", "method"])["relative"].unstack()
    pd.testing.assert_series_equal(skill["broad"], skill[OURS], check_names=False)
    assert not judge(results).structures
