"""What is estimated from what: held and fixed constants, those that act too late, one sector alone."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdforecast import parameters, shipped
from sdforecast.errors import InputError
from sdforecast.forecasting import single
from sdforecast.inference.studying import Setting, Sources, _fixed, study
from sdforecast.model import read
from tests.small import ROOT

SHOCK = "supply shock size"
SCHOOL = ROOT / "calibration" / "examples" / "boarding_school"
SOURCES = Sources(SCHOOL / "data", SCHOOL / "parameters.toml", SCHOOL / "targets.toml")


@pytest.fixture(scope="module")
def whole() -> Setting:
    return study(read())


def in_bed(transmission: float, recovery: float) -> np.ndarray:
    """The boys in bed on the 14 days, by a run of the whole model."""
    constants = {"transmission rate": transmission, "recovery rate": recovery}
    run = single.run(read(SCHOOL / "sir.mdl"), (), constants, ["Infectious"])
    return np.asarray(run["Infectious"].to_numpy().ravel()[1:15])


def names(setting: Setting) -> set[str]:
    return {p.name for p in setting.study.parameters}


def test_every_constant_with_a_prior_is_sampled_or_acts_too_late(whole: Setting) -> None:
    later = {p.name for p in whole.study.later}
    assert names(whole) | later == {p.name for p in parameters.load() if p.spread > 0}
    assert not names(whole) & later
    assert SHOCK in names(whole)


@pytest.mark.slow  # machine code for runs with all constants free
def test_a_constant_that_acts_too_late_moves_no_observation(whole: Setting) -> None:
    """By whole runs of the model, not by derivatives: as far as the last month that is fitted, nothing moves."""
    until = int(whole.study.observations["last"].max())
    variables = sorted({read().name_of(str(name)) for name in whole.study.observations["variable"]})
    base = {p.name: p.value for p in whole.study.parameters}
    as_they_are = single.run(read(), (), base, variables, last=until)
    moved = {p.name: p.high for p in whole.study.later}
    at_their_bounds = single.run(read(), (), {**base, **moved}, variables, last=until)
    for name in variables:
        np.testing.assert_allclose(at_their_bounds[name], as_they_are[name], rtol=1e-9, err_msg=name)


def test_without_a_shock_its_date_acts_on_nothing(whole: Setting) -> None:
    held = study(read(), hold={"Supply Shock Size": 0.0})
    assert SHOCK not in names(held) | {p.name for p in held.study.later}
    assert held.fixed[SHOCK] == 0.0
    assert held.facts["held"] == {SHOCK: 0.0}
    no_more = {p.name for p in held.study.later} - {p.name for p in whole.study.later}
    assert "supply shock start" in no_more


def test_a_held_constant_keeps_its_value_in_every_run() -> None:
    held = study(read(SCHOOL / "sir.mdl"), SOURCES, hold={"Recovery Rate": 0.5})
    assert names(held) == {"transmission rate"}
    np.testing.assert_allclose(held.study.predictor.forward(np.array([1.8]))[0], in_bed(1.8, 0.5), rtol=1e-9)


def test_another_name_to_hold_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no parameter 'recovery rat' to hold \(did you mean 'recovery rate'\?\)"):
        study(read(SCHOOL / "sir.mdl"), SOURCES, hold={"recovery rat": 0.0})


def test_all_held_leaves_nothing_to_estimate() -> None:
    with pytest.raises(InputError, match="nothing to estimate"):
        study(read(SCHOOL / "sir.mdl"), SOURCES, hold={"transmission rate": 1.8, "recovery rate": 0.5})


class TestFixed:
    def test_the_shipped_table_fixes_nothing_that_the_model_sets_otherwise(self) -> None:
        assert _fixed(parameters.load(), read()) == {}

    def test_a_constant_of_kind_data_is_held_in_every_run(self) -> None:
        table = [replace(p, kind="data", value=0.0, spread=0.0) if p.name == SHOCK else p for p in parameters.load()]
        assert _fixed(table, read()) == {SHOCK: 0.0}

    def test_a_table_of_yours_may_fix_a_constant(self, tmp_path: Path) -> None:
        text = (SCHOOL / "parameters.toml").read_text(encoding="utf-8")
        entry = re.search(r"\[\[parameter\]\]\nname = \"recovery rate\".*?(?=\[\[)", text, re.DOTALL)
        assert entry is not None
        fixed = re.sub(r"distribution = .*\nspread = .*\nlow = .*\nhigh = .*\n", "", entry[0])
        fixed = fixed.replace('"estimated"', '"data"').replace("value = 0.4", "value = 0.5")
        fixed = fixed.rstrip() + '\nfixed_because = "a test"\n\n'
        (tmp_path / "mine.toml").write_text(text.replace(entry[0], fixed), encoding="utf-8")
        found = study(
            read(SCHOOL / "sir.mdl"), Sources(SCHOOL / "data", tmp_path / "mine.toml", SCHOOL / "targets.toml")
        )
        assert names(found) == {"transmission rate"}
        assert found.fixed == {"recovery rate": 0.5}
        np.testing.assert_allclose(found.study.predictor.forward(np.array([1.8]))[0], in_bed(1.8, 0.5), rtol=1e-9)

    def test_its_faults_are_told(self, tmp_path: Path) -> None:
        mine = tmp_path / "mine.toml"
        text = (shipped.calibration_dir() / "parameters.toml").read_text(encoding="utf-8")
        mine.write_text(text.replace('kind = "data"', 'kind = "fixed"', 1), encoding="utf-8")
        with pytest.raises(InputError, match="'fixed' is no kind"):
            study(read(), Sources(parameters=mine))
        with pytest.raises(InputError, match="no such file"):
            study(read(), Sources(targets=tmp_path / "none.toml"))


def test_nothing_fitted_is_told(tmp_path: Path) -> None:
    shutil.copytree(SCHOOL, tmp_path / "school")
    targets = tmp_path / "school" / "targets.toml"
    targets.write_text(targets.read_text() + 'fitted = false\nreason = "a test"\n')
    with pytest.raises(InputError, match="no target is fitted"):
        study(read(SCHOOL / "sir.mdl"), Sources(SCHOOL / "data", SCHOOL / "parameters.toml", targets))
