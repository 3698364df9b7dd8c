"""A table of yours may hold a constant at a value: that is how a mechanism is taken out of an estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import parameters, shipped
from sdforecast.engine import Job
from sdforecast.errors import InputError
from sdforecast.inference import FitProblem, calibrate
from sdforecast.inference.calibrating import _fixed
from sdforecast.model import read

SHOCK = "supply shock size"


def test_the_shipped_table_fixes_nothing_that_the_model_sets_otherwise() -> None:
    assert _fixed(parameters.load(), read()) == {}


def test_a_constant_of_kind_data_is_held_in_every_run() -> None:
    table = [replace(p, kind="data", value=0.0, spread=0.0) if p.name == SHOCK else p for p in parameters.load()]
    fixed = _fixed(table, read())
    assert fixed == {SHOCK: 0.0}

    asked: list[Job] = []

    def run(jobs: Sequence[Job], advance: Callable[[], None]) -> np.ndarray:
        asked.extend(jobs)
        return np.zeros((len(jobs), 1, 1))

    uncertain = [p for p in table if p.spread > 0]
    problem = FitProblem(uncertain, pd.DataFrame(), ["dose"], run, fixed=fixed)
    problem.runs(np.zeros((2, len(uncertain))))
    assert [job.constants[SHOCK] for job in asked] == [0.0, 0.0]
    assert SHOCK not in problem.names


def test_a_table_of_yours_is_read_and_its_faults_are_told(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    text = (shipped.calibration_dir() / "parameters.toml").read_text(encoding="utf-8")
    mine.write_text(text.replace('kind = "data"', 'kind = "fixed"', 1), encoding="utf-8")
    with pytest.raises(InputError, match="'fixed' is no kind"):
        calibrate(read(), parameter_file=mine)
    with pytest.raises(InputError, match="no such file"):
        calibrate(read(), target_file=tmp_path / "none.toml")
