"""The model that comes with the package: PySD reads it without a warning, and it tells what it rests on."""

from __future__ import annotations

import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import observation, parameters, shipped
from sdforecast.model import read
from sdforecast.parameters import disagreements
from sdforecast.scenario import instrument_ids


@pytest.fixture(scope="module")
def variables() -> pd.DataFrame:
    return read().variables


def test_pysd_itself_reads_and_runs_it_without_a_warning(tmp_path: Path) -> None:
    import pysd

    file = shutil.copy(shipped.model_file(), tmp_path / "fentanyl.mdl")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # of PySD's own dependencies
        table = pysd.read_vensim(str(file)).run(final_time=12, progress=False)
    assert len(table) == 13
    assert np.isfinite(table.to_numpy(float)).all()


def test_it_counts_months_from_2010_to_2035() -> None:
    model = read()
    assert model.control["INITIAL TIME"] == 0
    assert model.control["FINAL TIME"] == 312
    assert model.control["SAVEPER"] == 1
    assert model.time_unit == "Month"


def test_every_variable_has_a_unit_and_a_sector(variables: pd.DataFrame) -> None:
    assert variables.loc[variables["unit"] == "", "name"].tolist() == []
    assert variables.loc[variables["sector"] == "", "name"].tolist() == []


def test_every_variable_says_what_it_rests_on(variables: pd.DataFrame) -> None:
    """A comment names a source or the word assumption.

    Excepted are identities, which say "Definition" and are no free numbers, totals of what another variable
    defines, and estimated constants, whose prior has its source in the table of parameters.
    """
    kinds = {p.name: p.kind for p in parameters.load() if p.source.strip()}
    unfounded = []
    for row in variables.itertuples():
        sourced = re.search(r"\bSources?: |\bassum", row.comment, re.IGNORECASE)
        constant = row.kind == "constant"
        definition = "Definition" in row.comment and (not constant or kinds.get(row.name) == "data")
        estimated = constant and "Estimated" in row.comment and kinds.get(row.name) == "estimated"
        total = row.kind == "stock" and row.name.startswith("cumulative ")
        if not (sourced or definition or estimated or total):
            unfounded.append(f"{row.name}: {row.comment}")
    assert unfounded == []


def test_the_table_of_parameters_agrees_with_it() -> None:
    assert [str(problem) for problem in disagreements(parameters.load(), read())] == []


def test_every_instrument_is_in_it(variables: pd.DataFrame) -> None:
    names = {name.casefold() for name in variables["name"]}
    assert {name.replace("_", " ") for name in instrument_ids()} <= names


def test_no_death_or_share_of_deaths_is_an_input(variables: pd.DataFrame) -> None:
    """What depends on time alone (a table of the file over Time) must not be an outcome."""
    text = re.sub(r"\\\n\s*", "", shipped.model_file().read_text(encoding="utf-8"))  # lines that go on
    fed = re.findall(r"^([^\n=~|]+?)\s*=\s*\n?\s*WITH LOOKUP\s*\(\s*Time\b", text, re.MULTILINE)
    assert len(fed) >= len(instrument_ids())  # the pattern finds what it should
    assert [name for name in fed if re.search(r"death|overdose|hazard|share|purity|seiz", name)] == []
    targets = {target.variable for target in observation.load()}
    assert targets.isdisjoint(fed)
