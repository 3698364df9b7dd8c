"""The best mixes for a budget: against trying all levels, within the budget, and as files that can be run."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import scenario
from sdforecast.cli import main
from sdforecast.errors import InputError
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.inference import load
from sdforecast.model import read
from sdforecast.observation.errors import evidence
from sdforecast.plot import to_png
from sdforecast.plot.frontier import frontier as plane
from sdforecast.plot.frontier import levels, levels_data
from sdforecast.policy import costs
from sdforecast.policy import frontier as frontiers
from sdforecast.policy.frontier import Frontier, frontier
from sdforecast.policy.kept import DEATHS
from sdforecast.policy.optimising import slack
from sdforecast.policy.outcomes import outcomes
from sdforecast.policy.steering import Levers
from sdforecast.reporting.frontiers import FOLDER, write

PAIR = ("naloxone", "moud")
LAST = "2029-12"
DRAWS = 8


# --- what needs no run ----------------------------------------------------------------------------------------------


def rows(count: int) -> list[dict[str, object]]:
    """Return rows as for so many mixes."""
    return [{"scenario": f"mix-{k}", "set": "all", "criterion": "mean", "budget": 1.0, "searched": 1.0}
            for k in range(count)]  # fmt: skip


def test_a_mix_is_dominated_by_one_that_costs_no_more_and_averts_more() -> None:
    averted = np.array([[10.0, 30], [50, 10], [5, 5], [-4, -2]])
    table = frontiers._table(rows(4), averted, np.array([1.0, 2.0, 2.0, 0.5]))
    assert table["dominated_by"].tolist() == ["", "", "mix-1", "the reference"]
    assert table["averted"].tolist() == [20, 30, 5, -3]
    # Regret by hand, against the best that costs no more: (10, 30), (50, 30), (50, 30), (0, 0), the last the reference.
    assert table["regret"].tolist() == [0, 20, 45, 4]
    assert table["worst_decile"].tolist() == [10, 10, 5, -4]


def test_budgets_go_from_nothing_to_the_dearest() -> None:
    budgets = frontiers._spaced(10.0)
    assert budgets[0] == 0
    assert budgets[-1] == 10
    assert np.diff(np.diff(budgets)).min() > 0
    assert frontiers._spaced(-3.0) == [0.0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"budgets": [-1.0]}, "budget -1"),
        ({"budgets": [float("nan")]}, "out of range"),
        ({"criteria": ["median"]}, "no criterion 'median'"),
        ({"sets": ["cheap"]}, "no set of instruments"),
        ({"instruments": ["mood"]}, "moud"),
    ],
)
def test_wrong_words_are_told(given: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as raised:
        frontier(**given)  # type: ignore[arg-type]
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--budget", "1"], "--frontier"),
        (["--frontier", "--decompose", "military-only"], "one at a time"),
        (["--frontier", "--budget", "-2"], "out of range"),
        (["--frontier", "--reference", "no-such-mix"], "no-such-mix"),
    ],
)
def test_the_command_tells_what_is_wrong(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *words]) == 2
    found = capsys.readouterr()
    assert told in found.err
    assert "Traceback" not in found.err
    assert not found.out


# --- what follows from the model ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def levers() -> Levers:
    """Two instruments to 2029."""
    model, posterior = read(), load(whole=False).thin(DRAWS)
    return Levers(
        model, posterior, disturbances(posterior, model, 239, 1), scenario.load("current-course"), PAIR, 204, 12, 239,
        evidence().fitting,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Frontier:
    """The frontier of two instruments to 2029."""
    return frontier(
        [0.0, 0.5, 2.0], instruments=PAIR, searched=DRAWS, draws=DRAWS, horizon=LAST,
        beside=[scenario.load("treatment-naloxone-surge"), scenario.load("military-only")],
    )  # fmt: skip


@pytest.mark.slow
def test_what_a_mix_averts_is_what_comparing_gives(levers: Levers) -> None:
    x = np.array([0.9, 0.7])
    found = levers.at(x)
    mix = levers.mix(x, "pair", "Pair", "")
    ran = outcomes(["current-course", mix], draws=DRAWS, horizon=LAST, variables=["deaths", "budget"], quick=True)
    deaths, cost = (ran.yearly[name].transpose("draw", "scenario", "year").to_numpy() for name in (DEATHS, "budget"))
    np.testing.assert_allclose(found.averted, deaths[:, 0].sum(-1) - deaths[:, 1].sum(-1), rtol=1e-7, atol=1e-4)
    np.testing.assert_allclose(found.cost, cost[:, 1].mean(-1) - cost[:, 0].mean(-1), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(levers.at(levers.now).averted, 0, atol=1e-6)


@pytest.mark.slow
def test_derivatives_are_those_of_differences(levers: Levers) -> None:
    x = np.array([0.8, 0.6])
    found = levers.at(x)
    for k in range(2):
        step = 1e-4 * np.eye(2)[k]
        more, less = levers.at(x + step), levers.at(x - step)
        for ours, by_steps in (
            (found.averted_by[:, k], (more.averted - less.averted) / 2e-4),
            (found.cost_by[:, k], (more.cost - less.cost) / 2e-4),
        ):
            gaps = np.abs(ours / by_steps - 1)
            assert gaps.max() < 2e-3  # where a step crosses the corner of a table, differences see both sides
            assert np.median(gaps) < 1e-6


@pytest.mark.slow
def test_no_level_of_a_grid_does_better(levers: Levers, made: Frontier) -> None:
    grid = [levers.at(np.array(x)) for x in itertools.product(np.linspace(0, 1, 21), repeat=2)]
    best = made.table[(made.table["set"] == "all") & (made.table["criterion"] == "mean")]
    for _, row in best.iterrows():
        tried = max(each.averted.mean() for each in grid if each.price <= row["budget"] + slack(row["budget"]))
        assert row["searched"] >= tried - 1.0
        assert row["cost"] <= row["budget"] + slack(row["budget"]) + 0.01  # levels are rounded to thousandths


@pytest.mark.slow
def test_more_money_averts_no_fewer_and_levels_without_a_published_cost_stay(made: Frontier) -> None:
    table = made.table
    for (_, criterion), part in table[table["set"] != ""].groupby(["set", "criterion"]):
        column = {"mean": "averted", "worst decile": "worst_decile"}.get(str(criterion))
        if column is not None:
            assert np.diff(part.sort_values("budget")[column]).min() > -1.0
    assert not set(PAIR) & set(costs.unpublished())
    both = [table[(table["set"] == name) & (table["criterion"] == "mean")]["averted"] for name in ("all", "published")]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-3)
    assert set(table.loc[table["set"] == "", "scenario"]) == {"treatment-naloxone-surge", "military-only"}


@pytest.mark.slow
def test_every_best_mix_is_a_file_that_can_be_run(
    made: Frontier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(made, tmp_path)
    files = sorted((tmp_path / FOLDER).glob("*.yaml"))
    assert [scenario.load(file) for file in files] == sorted(made.mixes, key=lambda mix: mix.name)
    assert main(["run", "-s", str(files[-1]), "--from", "2029-01", "--to", "2029-12"]) == 0
    assert main(["scenarios", "check", *map(str, files)]) == 0
    capsys.readouterr()
    read_back = pd.read_csv(tmp_path / "frontier.csv")
    assert read_back["scenario"].tolist() == made.table["scenario"].tolist()


@pytest.mark.slow
def test_figures_show_the_table(made: Frontier) -> None:
    data = levels_data(made)
    assert set(data["instrument"]) == set(PAIR)
    assert data["level"].between(0, 1).all()
    for narrow in (False, True):
        assert to_png(plane(made, narrow=narrow))[:4] == to_png(levels(made, narrow=narrow))[:4] == b"\x89PNG"
