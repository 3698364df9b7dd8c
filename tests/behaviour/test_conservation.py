"""Nothing appears or vanishes: each stock is the sum of what came in and went out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

STEP = 0.25

BALANCES = {
    "precursors in Mexico": (["precursors delivered to Mexico"], ["precursors used"]),
    "precursors elsewhere": (["precursors delivered elsewhere"], ["precursors used elsewhere"]),
    "finished inventory in Mexico": (["production in Mexico"], ["seized in Mexico", "shipments to the border"]),
    "US wholesale inventory": (
        ["border arrivals", "direct mail arrivals", "displaced production"],
        ["retail sales", "US wholesale seized"],
    ),
    "direct mail in transit": (["direct mail shipments"], ["direct mail arrivals", "direct mail seized pure"]),
    "in transit through ports": (["sent through ports"], ["arrived through ports", "seized at ports"]),
    "in transit between ports": (["sent between ports"], ["arrived between ports", "seized between ports"]),
    "in transit by mail": (["sent by mail"], ["arrived by mail", "seized in mail"]),
    "prescription opioid misuse": (
        ["misuse initiation", "misuse treatment exit"],
        ["misuse quitting", "initiation of illicit use from misuse", "misuse treatment entry",
         "misuse deaths of other causes", "prescription opioid deaths"],
    ),
    "illicit use without disorder": (
        ["initiation of illicit use from misuse", "direct initiation"],
        ["illicit quitting", "progression to disorder", "illicit deaths without disorder"],
    ),
    "untreated opioid use disorder": (
        ["progression to disorder", "relapse", "end of the exit period"],
        ["treatment entry", "untreated remission", "disorder deaths of other causes", "deaths with untreated disorder"],
    ),
    "people in treatment for illicit opioids": (
        ["treatment entry"],
        ["treatment exit to disorder", "illicit remission from treatment", "treatment deaths",
         "illicit treatment deaths of other causes"],
    ),
    "people in treatment for prescription opioids": (
        ["misuse treatment entry"],
        ["misuse treatment exit", "prescription remission from treatment",
         "prescription treatment deaths of other causes"],
    ),
    "people recently out of treatment": (
        ["treatment exit to disorder"],
        ["end of the exit period", "exit deaths", "exit deaths of other causes"],
    ),
    "people in remission": (
        ["illicit remission from treatment", "prescription remission from treatment", "untreated remission"],
        ["relapse", "stable recovery", "remission deaths of other causes"],
    ),
    "naloxone kits": (["naloxone kits given"], ["naloxone kits used", "naloxone kits lost"]),
    "viable synthesis routes": (["viable routes opened"], ["routes scheduled"]),
    "controlled synthesis routes": (["routes scheduled", "routes born controlled"], ["routes forgotten"]),
    "active producers": (["producer entry", "fragmentation entrants"], ["producer exit"]),
}  # fmt: skip


def _change(table: pd.DataFrame, stocks: list[str]) -> np.ndarray:
    return np.asarray(sum(table[name].diff().to_numpy()[1:] for name in stocks))


def _flow(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    return np.asarray(sum(table[name].to_numpy()[:-1] for name in names)) * STEP


@pytest.mark.parametrize("stock", BALANCES)
def test_a_stock_changes_by_what_flows(stock: str, every_step: pd.DataFrame) -> None:
    inflows, outflows = BALANCES[stock]
    expected = _flow(every_step, inflows) - _flow(every_step, outflows)
    scale = every_step[stock].abs().max()
    np.testing.assert_allclose(_change(every_step, [stock]), expected, atol=1e-9 * scale)


def test_fentanyl_is_conserved_from_production_to_use(every_step: pd.DataFrame) -> None:
    """Made or sent = seized + sold + on the way, over the whole run."""
    stocks = ["finished inventory in Mexico", "in transit through ports", "in transit between ports",
              "in transit by mail", "direct mail in transit", "US wholesale inventory"]  # fmt: skip
    made = ["production in Mexico", "direct mail shipments", "displaced production"]
    gone = ["seized in Mexico", "seized at the border pure", "direct mail seized pure", "US wholesale seized",
            "retail sales"]  # fmt: skip
    balance = _flow(every_step, made).sum() - _flow(every_step, gone).sum() - _change(every_step, stocks).sum()
    assert abs(balance) < 1e-6 * _flow(every_step, made).sum()


def test_the_shares_of_the_routes_add_up(every_step: pd.DataFrame) -> None:
    third = every_step["mail weight"] / every_step[["port weight", "between ports weight", "mail weight"]].sum(axis=1)
    total = every_step["port share"] + every_step["between ports share"] + third
    np.testing.assert_allclose(total, 1.0)


def test_precursors_that_are_shipped_arrive_or_are_stopped(every_step: pd.DataFrame) -> None:
    arrived = ["precursors intercepted", "precursors delivered to Mexico", "precursors delivered elsewhere"]
    np.testing.assert_allclose(every_step["precursor shipments"], every_step[arrived].sum(axis=1))


def test_no_stock_is_negative(every_step: pd.DataFrame, model: object) -> None:
    stocks = model.variables.query("kind == 'stock'")["name"]  # type: ignore[attr-defined]
    lowest = every_step[[name for name in stocks if not name.startswith("log of") and "log odds" not in name]].min()
    assert lowest[lowest < 0].empty


@pytest.mark.parametrize(
    "name",
    ["Mexico security cooperation", "China counternarcotics cooperation", "coalition trust", "fentanyl share",
     "port detection", "trafficking network strength", "regulatory monitoring capacity", "legal share of chemistry",
     "naloxone probability", "witnessed", "high risk fraction"],
)  # fmt: skip
def test_what_is_a_share_stays_between_nothing_and_all(name: str, every_step: pd.DataFrame) -> None:
    assert every_step[name].between(0, 1).all()


def test_cumulative_stocks_are_the_sums_of_their_flows(every_step: pd.DataFrame) -> None:
    for name in (c for c in every_step.columns if c.startswith("cumulative ")):
        flow = name.removeprefix("cumulative ")
        if flow in every_step.columns:
            np.testing.assert_allclose(every_step[name].iloc[-1], _flow(every_step, [flow]).sum(), rtol=1e-9)
