"""Draws of several structures together: what is borrowed, and what stays the host's."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.errors import InputError
from sdforecast.forecasting import forecast
from sdforecast.forecasting.pooling import borrowed, hosts_of, together
from sdforecast.forecasting.structures import chosen, load

FLOW, SUM = "deaths", "all deaths"


def runs(draws: int, scenarios: int, seed: int) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    flow = rng.uniform(1, 2, (draws, scenarios, 3))
    values = {FLOW: flow, f"{FLOW} of the model": flow * 0.9, SUM: flow + 5, "price": rng.uniform(1, 2, flow.shape)}
    coords = {"draw": np.arange(draws), "scenario": [f"s{k}" for k in range(scenarios)], "time": [0, 1, 2]}
    return xr.Dataset(
        {name: (("draw", "scenario", "time"), each, {"unit": "u"}) for name, each in values.items()}, coords
    )


def test_a_borrowed_scenario_changes_deaths_by_the_factor_of_the_host() -> None:
    hosts, own = runs(4, 3, 1), runs(6, 1, 2).isel(scenario=0, drop=True)
    place = hosts_of(6, 4)
    found = borrowed(hosts, own, FLOW, [SUM, FLOW, "not there"], 1, place)
    theirs = hosts[FLOW].to_numpy()[place]
    np.testing.assert_allclose(found[FLOW].isel(scenario=1), own[FLOW])
    np.testing.assert_allclose(
        found[FLOW].to_numpy() / found[FLOW].to_numpy()[:, 1:2], theirs / theirs[:, 1:2], rtol=1e-12
    )
    np.testing.assert_allclose(found[SUM] - found[FLOW], hosts[SUM].to_numpy()[place] - theirs)
    np.testing.assert_array_equal(found["price"], hosts["price"].to_numpy()[place])
    assert found[SUM].attrs == {"unit": "u"} and found.sizes == {"draw": 6, "scenario": 3, "time": 3}


def test_hosts_serve_in_turn() -> None:
    assert hosts_of(4, 4).tolist() == [0, 1, 2, 3]
    assert hosts_of(6, 3).tolist() == [0, 0, 1, 1, 2, 2]
    assert hosts_of(2, 10).tolist() == [0, 5]


def test_draws_stand_one_after_the_other() -> None:
    found = together([runs(2, 2, 1), runs(3, 2, 2)])
    assert found["draw"].to_numpy().tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(found[FLOW][2:], runs(3, 2, 2)[FLOW])
    assert found[FLOW].dims == ("draw", "scenario", "time")


@pytest.fixture(scope="module")
def both() -> object:
    wanted = ["synthetic opioid deaths", "all drug deaths", "producer price"]
    two = chosen(load(), ["supply-led", "spread"])
    return forecast(["military-only", "treatment-naloxone-surge"], structures=two, draws=9, variables=wanted)


def test_a_forecast_of_two_structures_has_both(both) -> None:  # type: ignore[no-untyped-def]
    assert dict(zip(both.structures["name"], both.structures["draws"], strict=True)) == {"supply-led": 3, "spread": 6}
    assert list(both.trajectories["scenario"].to_numpy()) == ["military-only", "treatment-naloxone-surge"]
    large, small = both.structure("supply-led").trajectories, both.structure("spread").trajectories
    place = hosts_of(6, 3)
    deaths, all_drugs = "synthetic opioid deaths", "all drug deaths"
    ratio = {k: (part[deaths].isel(scenario=1) / part[deaths].isel(scenario=0)).to_numpy()
             for k, part in (("large", large), ("small", small))}  # fmt: skip
    np.testing.assert_allclose(ratio["small"], ratio["large"][place], rtol=1e-9)
    assert abs(ratio["small"][:, -1] - 1).max() > 0.01  # the surge does something
    rest = {k: (part[all_drugs] - part[deaths]).to_numpy() for k, part in (("large", large), ("small", small))}
    np.testing.assert_allclose(rest["small"], rest["large"][place], rtol=1e-9)
    np.testing.assert_array_equal(small["producer price"], large["producer price"].to_numpy()[place])
    before = small[deaths].sel(time=slice(None, "2025-04-30")).isel(scenario=0).sum("time").median()
    counted = both.history.query("series == 'synthetic_opioid_deaths' and aggregation == 'calendar-year'")
    years = counted[(counted["breakdown"] == "residents") & (counted["period_end"] < pd.Timestamp("2025-01-01"))]
    assert float(before) == pytest.approx(years.drop_duplicates("period_end")["value"].sum(), rel=0.05)


def test_the_same_draws_alone_are_the_same(both) -> None:  # type: ignore[no-untyped-def]
    alone = forecast(
        ["military-only", "treatment-naloxone-surge"], structures=chosen(load(), ["supply-led"]), draws=3,
        variables=["synthetic opioid deaths"],
    )  # fmt: skip
    np.testing.assert_array_equal(
        alone.trajectories["synthetic opioid deaths"],
        both.structure("supply-led").trajectories["synthetic opioid deaths"],
    )


def test_a_structure_has_no_more_draws_than_its_posterior() -> None:
    with pytest.raises(InputError, match="draws asked for of structure 'spread'"):
        forecast(structures=chosen(load(), ["supply-led", "spread"]), draws=1200)
