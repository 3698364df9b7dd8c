"""An estimate on disk: there and back, every way it can be broken, and the shipped one against its tables."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, observation, parameters, shipped
from sdforecast.errors import InputError, MachineError
from sdforecast.inference import Estimate, load, write
from sdforecast.inference.estimate import CARRIED
from sdforecast.model import read


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return load()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped.estimate_dir(), tmp_path / "estimate"))


def complaint(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


class TestOnDisk:
    def test_there_and_back(self, estimate: Estimate, tmp_path: Path) -> None:
        write(estimate, tmp_path / "copy")
        again = load(tmp_path / "copy")
        for name in ("best", "sets", "starts", "residuals", "fit"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(estimate, name))
        assert again.manifest == estimate.manifest

    def test_the_same_estimate_is_the_same_bytes(self, estimate: Estimate, tmp_path: Path) -> None:
        write(estimate, tmp_path / "copy")
        for file in shipped.estimate_dir().iterdir():
            if file.suffix == ".csv":
                assert (tmp_path / "copy" / file.name).read_bytes() == file.read_bytes()

    def test_an_older_estimate_is_replaced_and_a_strange_folder_is_not(self, estimate: Estimate, copy: Path) -> None:
        (copy / "best.csv").write_text("old")
        write(estimate, copy)
        assert load(copy).best.equals(load().best)
        (copy / "notes.txt").write_text("mine")
        with pytest.raises(MachineError, match="holds files that are not ours"):
            write(estimate, copy)
        assert (copy / "notes.txt").read_text() == "mine"


def spoil(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_text(change((folder / name).read_text()))

    return apply


def without(key: str) -> Callable[[str], str]:
    return lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != key})


NONE = "no estimate here (make one: sdforecast calibrate)"
TABLE = "is not a table of an estimate: "
MANIFEST = "is not the manifest of an estimate: "


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        (lambda folder: shutil.rmtree(folder), f"best.csv: {NONE}"),
        (lambda folder: (folder / "fit.csv").unlink(), f"fit.csv: {NONE}"),
        (spoil("sets.csv", lambda text: ""), f"sets.csv: {TABLE}"),
        (spoil("sets.csv", lambda text: text.splitlines()[0]), f"sets.csv: {TABLE}no rows"),
        (spoil("sets.csv", lambda text: text.replace("loss", "los", 1)), f"sets.csv: {TABLE}no column 'loss'"),
        (spoil("sets.csv", lambda text: text.replace("\n0,0,", "\n0,zero,")), f"sets.csv: {TABLE}could not convert"),
        (spoil("sets.csv", lambda text: text.replace("\n0,0,", "\n0,,")), f"sets.csv: {TABLE}a value is missing"),
        (spoil("sets.csv", lambda text: text.replace("\n0,0,", "\n0,inf,")), f"sets.csv: {TABLE}a value is not finite"),
        (spoil("best.csv", lambda text: text.replace("value", "valu", 1)), f"best.csv: {TABLE}no column 'value'"),
        (spoil("residuals.csv", lambda text: text.replace(",start,", ",a,", 1)), f"residuals.csv: {TABLE}no column"),
        (spoil("manifest.json", lambda text: text[:-20]), "manifest.json: is not a manifest: "),
        (spoil("manifest.json", lambda text: "[]"), f"manifest.json: {MANIFEST}'fit' is missing"),
        *((spoil("manifest.json", without(key)), f"manifest.json: {MANIFEST}'{key}' is missing") for key in CARRIED),
    ],
)
def test_a_broken_estimate_is_told_with_its_file(copy: Path, spoiled: Callable[[Path], None], message: str) -> None:
    spoiled(copy)
    assert complaint(copy).startswith(message)


class TestShipped:
    def test_the_first_set_is_the_best(self, estimate: Estimate) -> None:
        first = estimate.sets.drop(columns="loss").iloc[0]
        assert first.index.tolist() == estimate.best["parameter"].tolist()
        np.testing.assert_array_equal(first.to_numpy(), estimate.best["value"].to_numpy())
        assert estimate.sets["loss"].iloc[0] == 0

    def test_every_set_was_acceptable(self, estimate: Estimate) -> None:
        assert len(estimate.sets) == estimate.manifest["sets"] >= 20
        assert estimate.sets["loss"].max() <= estimate.manifest["largest_loss_accepted"] + 0.1

    def test_every_value_lies_within_its_prior(self, estimate: Estimate) -> None:
        priors = {p.name: p for p in parameters.load()}
        for name in estimate.best["parameter"]:
            low, high = priors[name].low, priors[name].high
            slack = 1e-7 * max(abs(low), abs(high))  # of eight digits
            assert estimate.sets[name].between(low - slack, high + slack).all(), name

    def test_no_constant_with_a_prior_is_left_out(self, estimate: Estimate) -> None:
        assert set(estimate.best["parameter"]) == {p.name for p in parameters.load() if p.spread > 0}

    def test_the_model_file_carries_the_best(self, estimate: Estimate) -> None:
        model = read()
        assert estimate.manifest["model_sha256"] == model.sha256
        values = model.variables.set_index("name")["value"]
        for name, value in zip(estimate.best["parameter"], estimate.best["value"], strict=True):
            assert values[name] == pytest.approx(value, rel=1e-5), name

    def test_its_figures_follow_from_its_residuals(self, estimate: Estimate) -> None:
        again = observation.fit_table(estimate.residuals, estimate.residuals["model"].to_numpy()).set_index("target")
        told = estimate.fit.set_index("target")
        for column in ("n", "mape", "bias", "worst_factor", "beyond_two"):
            np.testing.assert_allclose(again[column], told[column], rtol=1e-5, atol=1e-5)

    def test_its_observations_are_those_of_the_history(self, estimate: Estimate) -> None:
        observed = observation.observations(observation.load(), history.load())
        assert estimate.residuals["observed"].tolist() == pytest.approx(observed["observed"].tolist(), rel=1e-6)
        assert estimate.residuals["target"].tolist() == observed["target"].tolist()

    def test_deaths_are_met_as_well_as_it_says(self, estimate: Estimate) -> None:
        """The monthly residuals, and nothing of the manifest, give the error of the turn."""
        rows = estimate.residuals
        late = rows[(rows["target"] == "deaths, monthly from 2014") & (rows["start"] >= pd.Timestamp("2023-01-01"))]
        assert len(late) == 28
        error = 100 * (late["model"] / late["observed"] - 1).abs().mean()
        assert error == pytest.approx(estimate.manifest["fit"]["recent_mape"], rel=1e-4)
        assert estimate.manifest["fit"]["annual_mape"] <= 15  # the aim of the first estimate
        fall = late["model"].iloc[-1] / late["model"].max()
        assert fall < 0.75  # deaths turned by more than a third; a model that misses the turn does not

    def test_its_numbers_are_finite(self, estimate: Estimate) -> None:
        for table in (estimate.best, estimate.sets, estimate.residuals, estimate.fit):
            numbers = table.select_dtypes("number").to_numpy()
            assert all(math.isfinite(x) for x in numbers.ravel())
