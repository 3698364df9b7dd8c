"""A small hub, written once; a test that changes it gets a copy."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from sdforecast import issuing
from sdforecast.forecasting import Forecast
from tests.sample_forecast import DEATHS, sample

MIXES = ("current-course", "military-only")


def forecast(months: int = 216, draws: int = 100, shift: float = 1.0) -> Forecast:
    """A forecast with both targets; deaths from all drugs are 30,000 more a year."""
    made = sample(MIXES, draws=draws, months=months)
    deaths = made.trajectories[DEATHS] * shift
    runs = made.trajectories.assign({DEATHS: deaths, "all drug deaths": deaths + 2500})
    for name in (DEATHS, "all drug deaths"):
        runs[name].attrs = made.trajectories[DEATHS].attrs
    manifest = {**made.manifest, "seed": 1, "model_sha256": "ab" * 32, "draws": draws, "last_observed": "2025-04-30"}
    return dataclasses.replace(made, trajectories=runs, manifest=manifest)


@pytest.fixture(scope="session")
def made() -> Forecast:
    return forecast()


@pytest.fixture(scope="session")
def written(made: Forecast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "hub"
    issuing.write_hub(made, folder)
    return folder


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that ends after half a year, for checks by the dozen."""
    folder = tmp_path_factory.mktemp("short") / "hub"
    issuing.write_hub(forecast(months=190), folder)
    return folder


@pytest.fixture
def hub(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "hub"))
