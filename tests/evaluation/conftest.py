"""One backtest of the quickest methods for all tests."""

import pandas as pd
import pytest

from sdforecast import history
from sdforecast.evaluation import outcomes, spreadsheet
from sdforecast.evaluation.baselines import baselines
from sdforecast.evaluation.levels import TARGETS
from sdforecast.evaluation.scoring import score

ORIGINS = pd.date_range("2017-12-31", "2024-06-30", freq="6ME")


@pytest.fixture(scope="session")
def observations():
    return history.load()


@pytest.fixture(scope="session")
def counted(observations):
    return outcomes.outcomes(observations)


@pytest.fixture(scope="session")
def backtest(observations, counted):
    """Forecasts of the spreadsheet's methods from half-yearly origins, from the final counts."""
    series = {each: (outcomes.monthly(each, observations), outcomes.sums(each, counted)) for each in TARGETS}
    return pd.concat(
        [
            baselines(flows[:o], totals[:o], each, methods=list(spreadsheet.RULES))
            for o in ORIGINS
            for each, (flows, totals) in series.items()
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="session")
def scores(backtest, counted):
    return score(backtest, counted)
