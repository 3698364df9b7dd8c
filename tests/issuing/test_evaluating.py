"""Editions against what came: scores that can be worked out by hand, nothing scored that is not known."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.evaluation.levels import HUB_LEVELS
from sdforecast.forecasting import Forecast
from sdforecast.issuing import Edition, described, evaluate, since, write_hub
from tests.issuing.conftest import forecast
from tests.sample_forecast import DEATHS

pytest.importorskip("scoringrules")


@pytest.fixture
def edition(hub: Path, made: Forecast) -> Edition:
    return Edition("2025-09-15", hub.parent, described(made.manifest, "2025-04-30", "current-course"), "")


def later(observed: pd.DataFrame, months: int, value: float, status: str = "provisional") -> pd.DataFrame:
    """A history with more 12-month sums of synthetic opioids."""
    last = observed[
        (observed["series"] == "synthetic_opioid_deaths")
        & (observed["aggregation"] == "12-month-ending")
        & (observed["period_end"] == "2025-04-30")
        & (observed["status"] == "provisional")
    ]
    ends = [pd.Timestamp("2025-04-30") + pd.offsets.MonthEnd(k) for k in range(1, months + 1)]
    more = [last.assign(period_end=end, value=value, status=status, vintage="2026-12-10") for end in ends]
    return pd.concat([observed, *more], ignore_index=True)


def test_without_outcomes_an_edition_waits(edition: Edition, made: Forecast) -> None:
    done = evaluate([edition], made.history)
    assert done.waiting == {"2025-09-15": "2025-05"}
    assert done.summary.empty


def test_a_score_is_that_of_the_published_quantiles(edition: Edition, made: Forecast) -> None:
    done = evaluate([edition], later(made.history, 2, 43000.0))
    assert done.waiting == {}
    (row,) = done.summary.to_dict("records")
    assert (row["kind"], row["target"], row["months"], row["not_final"]) == ("forecast", DEATHS, 2, 2)
    file = edition.hub / "model-output/sdforecast-fentanyl/2025-04-30-sdforecast-fentanyl.csv"
    table = pd.read_csv(file).query(f"target == '{DEATHS}' and scenario_id == 'current-course' and horizon in [1, 2]")
    values = table.pivot(index="horizon", columns="output_type_id", values="value").to_numpy()
    levels = np.array(HUB_LEVELS)
    pinball = 2 * np.where(values > 43000, (1 - levels) * (values - 43000), levels * (43000 - values))
    assert row["wis"] == pytest.approx(pinball.mean(1).mean())  # WIS is twice the mean pinball loss
    middle = values[:, 11]
    assert row["median_error_percent"] == pytest.approx(100 * np.abs(middle / 43000 - 1).mean())
    assert row["relative_wis"] > 0


def test_months_that_could_be_read_on_the_day_are_not_real_time(edition: Edition, made: Forecast) -> None:
    """NCHS publishes a month four months after its end."""
    done = evaluate([dataclasses.replace(edition, day="2025-10-15")], later(made.history, 6, 43000.0))
    assert done.summary["real_time"].tolist() == [5]  # June to October; May was out on 30 September


def test_a_nowcast_is_scored_when_its_months_are_closed(edition: Edition, made: Forecast) -> None:
    observed = made.history
    mine = observed["series"].eq("synthetic_opioid_deaths") & observed["aggregation"].eq("12-month-ending")
    closed = observed.assign(status=observed["status"].mask(mine & observed["status"].eq("provisional"), "final"))
    done = evaluate([edition], closed)
    (row,) = done.summary.to_dict("records")
    assert (row["kind"], row["target"], row["months"]) == ("nowcast", DEATHS, 4)
    assert np.isnan(row["relative_wis"])  # there was a count: the last value is no rival
    assert done.waiting == {"2025-09-15": "2025-05"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("current-course", "other", "has no rows of 'current-course'"),
        ("output_type_id", "level", "the column 'output_type_id' is missing"),
        (",-3,", ",soon,", "holds a cell that cannot be read"),
    ],
)
def test_an_edition_that_cannot_be_read(edition: Edition, made: Forecast, old: str, new: str, words: str) -> None:
    file = edition.hub / "model-output/sdforecast-fentanyl/2025-04-30-sdforecast-fentanyl.csv"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        evaluate([edition], made.history)


class TestSince:
    @pytest.fixture(scope="class")
    @staticmethod
    def higher(tmp_path_factory: pytest.TempPathFactory) -> tuple[Forecast, Path]:
        made = forecast(shift=1.1)
        folder = tmp_path_factory.mktemp("next") / "hub"
        write_hub(made, folder)
        return made, folder

    def test_what_went_in_and_what_comes_out(self, edition: Edition, higher: tuple[Forecast, Path]) -> None:
        made, hub = higher
        about = described({**made.manifest, "model_sha256": "cd" * 32}, "2025-04-30", "current-course")
        found = since(edition, about, hub, made.history)
        assert found.changed == [{"what": "model", "before": "ab" * 6, "now": "cd" * 6}]
        months = {(row["target"], row["twelve_months_to"]): row for row in found.months}
        row = months[(DEATHS, "2027-12")]
        assert row["now"] == pytest.approx(1.1 * row["before"], rel=0.01)
        assert row["now_low"] < row["now"] < row["now_high"]
        assert min(row["twelve_months_to"] for row in found.months) > "2025-04"
        assert found.waiting
        assert found.scores == []

    def test_how_the_one_before_did(self, edition: Edition, higher: tuple[Forecast, Path]) -> None:
        made, hub = higher
        about = described(made.manifest, "2025-04-30", "current-course")
        found = since(edition, about, hub, later(made.history, 2, 43000.0))
        assert not found.waiting
        assert [(row["target"], row["months"]) for row in found.scores] == [(DEATHS, 2)]
