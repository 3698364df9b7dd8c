"""The whole way at one origin: the future is spoilt, in history and model file, and forecasts keep their bytes."""

from pathlib import Path

import pytest
import xarray as xr

pytest.importorskip("pymc")
pytest.importorskip("statsforecast")

from sdforecast import model, shipped
from sdforecast.backtesting import keeping, known_at
from sdforecast.backtesting.keeping import Done
from sdforecast.backtesting.names import OURS
from sdforecast.backtesting.refitting import refit
from sdforecast.backtesting.working import Task, identified, perform, setup
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS
from sdforecast.forecasting.structures import load
from sdforecast.inference.methods import Plan
from sdforecast.inference.studying import Sources
from tests.backtesting.test_knowing import corrupt
from tests.backtesting.test_study import ORIGIN, spoilt


def done(file: Path, folder: Path | None) -> Done:
    origin = known_at(ORIGIN).origin
    shared = setup(model.read(file), Sources(folder), chains=2, draws=20)
    return perform(Task(origin, shared, identified(shared, origin)))


@pytest.mark.slow  # fits it twice
def test_the_small_structure_knows_nothing_of_what_came_later(tmp_path: Path) -> None:
    known = known_at(ORIGIN)
    spread = next(each for each in load() if each.borrows)
    spoilt_history = known_at(ORIGIN, corrupt(tmp_path / "corrupt", known.origin, known.released, 10.0, 7))
    found = [
        refit(each, model.read(spread.model), Plan("laplace", 2, 20), sources=spread.sources(each.folder),
              wanted=[SYNTHETIC_OPIOIDS])
        for each in (known, spoilt_history)
    ]  # fmt: skip
    assert found[0].mode == found[1].mode
    xr.testing.assert_identical(found[0].forecast.trajectories, found[1].forecast.trajectories)


@pytest.mark.slow  # fits the model twice
def test_no_forecast_knows_what_came_later(tmp_path: Path) -> None:
    known = known_at(ORIGIN)
    expected = done(shipped.model_file(), None)
    file = tmp_path / "fentanyl.mdl"
    file.write_text(spoilt(shipped.model_file().read_text("utf-8")), "utf-8")
    found = done(file, corrupt(tmp_path / "corrupt", known.origin, known.released, 10.0, 7))
    assert OURS in set(found.forecasts["method"])
    assert keeping.to_csv(found.forecasts) == keeping.to_csv(expected.forecasts)
    assert found.facts["mode"] == expected.facts["mode"]
    assert found.facts["known_sha256"] == expected.facts["known_sha256"]
    assert found.facts["history_sha256"] != expected.facts["history_sha256"]
    assert found.facts["model_sha256"] != expected.facts["model_sha256"]
