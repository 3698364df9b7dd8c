"""What happened: the published sums, and the months they are made of."""

import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.evaluation.levels import ALL_DRUGS, SYNTHETIC_OPIOIDS, TARGETS
from sdforecast.evaluation.outcomes import monthly, outcomes, sums


def test_published_sums_are_there_and_open_ones_are_marked(counted):
    table = counted.set_index(["target", "target_end_date"])
    # NCHS, by occurrence: the peak of June 2023, and April 2025 as reported.
    assert table.loc[(SYNTHETIC_OPIOIDS, "2023-06-30"), "value"] == 77_695
    assert table.loc[(SYNTHETIC_OPIOIDS, "2025-04-30"), "value"] == 43_505
    assert table.loc[(ALL_DRUGS, "2023-06-30"), "value"] == 111_466
    assert bool(table.loc[(ALL_DRUGS, "2025-04-30"), "provisional"])
    assert not table.loc[(ALL_DRUGS, "2020-12-31"), "provisional"]
    assert (counted["vintage"] > "2025").all()


@pytest.mark.parametrize("target", TARGETS)
def test_the_sums_are_the_sums_of_the_months(target, observations, counted):
    rolling = monthly(target, observations).rolling(12).sum().dropna()
    published = sums(target, counted)
    assert (rolling - published).abs().max() < 1
    assert len(published) == len(rolling)


def test_what_is_not_there_is_refused(observations):
    with pytest.raises(InputError, match="did you mean 'all drug deaths'"):
        monthly("all drugs deaths", observations)
    with pytest.raises(InputError, match="did you mean 'all drug deaths'"):
        sums("all drugs deaths", pd.DataFrame())
    with pytest.raises(InputError, match="no usable rows of synthetic_opioid_deaths"):
        outcomes(observations[observations["series"] == "all_drug_deaths"])
