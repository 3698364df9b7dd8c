"""Where the files that come with the package are, in a checkout and in an installed wheel."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    packed = _PACKAGE / "shipped_files"  # the wheel carries models/ and calibration/ here
    return packed if packed.is_dir() else _PACKAGE.parent


def models_dir() -> Path:
    """Return the folder with the model file and the scenarios."""
    return _root() / "models"


def model_file() -> Path:
    """Return the shipped Vensim model."""
    return models_dir() / "fentanyl.mdl"


def scenarios_dir() -> Path:
    """Return the folder with the shipped policy mixes."""
    return models_dir() / "scenarios"


def calibration_dir() -> Path:
    """Return the folder with parameters, targets, history and posterior."""
    return _root() / "calibration"


def history_dir() -> Path:
    """Return the folder with the historical series."""
    return calibration_dir() / "data"


def posterior_dir() -> Path:
    """Return the folder with the shipped posterior."""
    return calibration_dir() / "posterior"


def backtest_dir() -> Path:
    """Return the folder with the results of the shipped back-test; it need not be there."""
    return calibration_dir() / "backtest"


def cache_dir() -> Path:
    """Return our cache folder by the XDG convention (not created here)."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "sdforecast"


def cache_room(name: str) -> Path | None:
    """Return a folder of our cache, made if it is not there; None if there is nowhere to make it."""
    try:
        folder = cache_dir() / name
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        return None
    return folder
