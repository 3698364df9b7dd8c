"""`sdforecast compare` as a user types it; what is run is made by hand, but for one test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from sdforecast import cli
from sdforecast.cli.compare import compare
from sdforecast.cli.comparetables import in_words
from sdforecast.policy import interacting, outcomes
from tests.policy import made
from tests.policy.test_interacting import DRAWS, EIGHT, runner, with_a_pair

MIX, OTHER = "soft-power-with-teeth", "military-only"
BOTH = ["-s", MIX, "-s", OTHER]


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the command asks for; the answer averts 100 deaths a year with one mix, with the other -20 to 60."""
    asked: dict[str, Any] = {}

    def run(scenarios: object, **given: Any) -> object:
        asked.update(given, scenarios=scenarios)
        averted = {MIX: np.linspace(90, 110, 40), OTHER: np.linspace(-20, 60, 40)}
        return made.outcomes(averted, costs={MIX: 2.0, OTHER: 1.0}, onset={MIX: [205] * 40})

    monkeypatch.setattr(outcomes, "outcomes", run)
    return asked


def run(*words: str) -> Any:
    return CliRunner().invoke(compare, [*words], catch_exceptions=False)


def test_a_reader_sees_what_when_at_what_cost_and_why(by_hand: dict[str, Any]) -> None:
    done = run(*BOTH, "--draws", "7", "--first", "2028", "--horizon", "2030-12", "--seed", "5")
    assert done.exit_code == 0
    assert {key: by_hand[key] for key in ("draws", "first", "horizon", "seed", "reference", "scenarios")} == {
        "draws": 7, "first": 2028, "horizon": "2030-12", "seed": 5, "reference": "current-course",
        "scenarios": (MIX, OTHER),
    }  # fmt: skip
    lines = done.stdout.splitlines()
    row = next(line for line in lines if line.startswith(MIX))
    assert "900 (820 to 980) ±" in row
    assert "2027-02" in row
    assert "2027 " in row
    assert any("not given: deaths fall in only 75 % of draws" in line for line in lines)
    assert any(line.startswith("budget, USD") and "20 million (18 million to 22 million)" in line for line in lines)
    assert any(line.startswith("purity") and line.count("+20.0 (+20.0 to +20.0)") == 2 for line in lines)
    assert "prices by assumption, none published, in soft-power-with-teeth" in done.stderr
    assert "Monte Carlo standard error" in done.stderr


def test_json_has_every_table_and_no_number_that_is_none(by_hand: dict[str, Any]) -> None:
    told = json.loads(run(*BOTH, "--json", "-q").stdout)
    assert set(told) == {"reference", "draws", "discount", "summary", "effects", "costs", "stages"}
    other = next(row for row in told["costs"] if row["scenario"] == OTHER and row["cost"] == "budget")
    assert other["median"] is None
    assert other["words"].startswith("not given")


def test_the_folder_has_tables_figures_and_the_command(by_hand: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert run(*BOTH, "--discount", "0.03", "-q", "-o", str(folder)).stdout == ""
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["discount"] == 0.03
    assert by_hand["command"] == f"sdforecast compare -s {MIX} -s {OTHER} --discount 0.03"
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert figures == {f"{name}.{kind}" for name in ("deaths-averted", "stages", "cost-and-deaths")
                       for kind in ("svg", "png", "csv")}  # fmt: skip
    prices = pd.read_csv(folder / "unit_costs.csv")
    assert set(prices["basis"]) == {"published", "assumption"}
    effects = pd.read_csv(folder / "effects.csv")
    assert len(effects) == 2 * 8 * (len(made.YEARS) + 1)
    assert run(*BOTH, "-q", "-o", str(folder)).exit_code == 0, "a folder of ours is replaced"


def test_a_mix_is_taken_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mix = tmp_path / "mine.yaml"
    changes = "".join(f"\n  - {{instrument: {name}, intensity: 0.9, start: 2027-01}}" for name in EIGHT)
    mix.write_text(f"name: mine\ntitle: Mine\ninstruments:{changes}\n", encoding="utf-8")
    original: Callable[..., Any] = interacting.decompose
    monkeypatch.setattr(
        interacting, "decompose", lambda *words, **given: original(*words, **given, run=runner(with_a_pair))
    )
    folder = tmp_path / "out"
    done = run("--decompose", str(mix), "--draws", str(DRAWS), "--orders", "8", "-o", str(folder))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "the shares add up to 300:" in done.stdout
    assert any(line.startswith("moud + naloxone") and "reinforce" in line for line in lines)
    table = pd.read_csv(folder / "instruments.csv")
    assert table["share"].sum() == pytest.approx(300)
    assert {path.name for path in folder.iterdir()} == {"instruments.csv", "pairs.csv", "figures", "manifest.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name scenarios with -s, or a mix with --decompose"),
        (["-s", "militry-only"], "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
        (["-s", OTHER, "-s", OTHER], "scenario 'military-only' is asked for twice"),
        (["-s", OTHER, "--reference", "curent-course"], "reference: unknown scenario 'curent-course'"),
        (["-s", OTHER, "--horizon", "2040-12"], "horizon 2040-12 is beyond the model's end"),
        (["-s", OTHER, "--horizon", "2030-05"], "is not the end of a year"),
        (["-s", OTHER, "--first", "1999"], "first year 1999 is out of range"),
        (["-s", OTHER, "--discount", "3"], "discount rate 3 is out of range (a year, 0 to 0.2: 0.03 is 3 %)"),
        (["-s", OTHER, "--draws", "0"], "0 is not in the range x>=1"),
        (["-s", "current-course"], "only the reference, current-course, was named"),
        (["--decompose", "current-course"], "nothing alone differs from current-course"),
        (["--decompose", MIX, "--orders", "1"], "1 is not in the range x>=4"),
    ],
)
def test_wrong_input_gets_one_message(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **given: object) -> None:
        raise AssertionError("nothing is run")

    from sdforecast.policy import blocks

    monkeypatch.setattr(blocks, "run", never)
    code = cli.main(["compare", *words])
    told = capsys.readouterr().err
    assert code == 2, told
    assert message in told


def test_figures_are_rounded_together() -> None:
    row = {"median": 31234.0, "low": -47.0, "high": 82345.0, "error": 2123.0}
    assert in_words(row) == "31,000 (0 to 82,000) ± 2,100"
    assert in_words({**row, "high": float("inf"), "error": float("nan")}) == "31,000 (0 to no bound)"


def test_the_shipped_model_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["compare", "-s", OTHER, "--draws", "2", "--horizon", "2027-12", "--json", "-q"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    [row] = told["summary"]
    assert row["scenario"] == OTHER
    assert np.isfinite(row["deaths averted"])
