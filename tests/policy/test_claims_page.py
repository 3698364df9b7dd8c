"""The page and the table of the essay's claims belong to the model, the posterior and the claims that are here."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from sdforecast.inference import load
from sdforecast.model import read as read_model
from sdforecast.policy import claiming, claims
from sdforecast.policy.claims import Claims

ROOT = Path(__file__).parents[2]
AGAIN = "run python calibration/claims.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calibration_claims", ROOT / "calibration" / "claims.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(ROOT / "calibration" / "claims.csv")


def test_the_page_is_made_of_what_is_here(script: ModuleType, page: str) -> None:
    told = dict(re.findall(r"^\| (\w+) \| `(.*)` \|$", page, flags=re.MULTILINE))
    assert {name: told[name] for name in script.made_of()} == script.made_of(), AGAIN


def test_the_page_and_the_table_tell_the_same_verdicts(page: str, table: pd.DataFrame) -> None:
    told = dict(re.findall(r"^\| (\d+) \| .* \| (.*) \|$", page, flags=re.MULTILINE))
    known = table.groupby("claim")["claim_verdict"].first()
    assert {int(number): verdict for number, verdict in told.items() if verdict != claiming.ABSENT} == known.to_dict()
    for number, rows in table.groupby("claim"):
        verdicts = rows.groupby("statement")["verdict"].first().tolist()
        assert claiming.verdict_on(verdicts) == known[number]
    for _, rows in table.groupby(["claim", "statement"]):
        assert rows["verdict"].iloc[0] == claiming.verdict_of(rows["chance"].tolist())


def test_a_claim_computed_again_with_few_draws_agrees(table: pd.DataFrame) -> None:
    model = read_model()
    whole = claims.read(ROOT / "calibration" / "claims.toml", model)
    claim = next(claim for claim in whole.claims if claim.number == 4)
    part = Claims("", (claim,), {each.mix: whole.mixes[each.mix] for each in claim.test[0].terms})
    found = claiming.found(claim.test[0], claiming.run(part, model, load(whole=False), draws=50))
    kept = table[(table["claim"] == 4) & (table["statement"] == 1) & (table["setting"] == "posterior")].iloc[0]
    assert abs(found.of.median - kept["median"]) < 5 * found.of.error, AGAIN
    assert abs(found.chance - kept["chance"]) < 5 * found.error, AGAIN
