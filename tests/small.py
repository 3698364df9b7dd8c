"""Small models whose behaviour is known in closed form, and the closed forms."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from sdforecast.model import ModelFile, read

MODELS = Path(__file__).parent / "models"
ROOT = Path(__file__).parents[1]


@lru_cache
def small(name: str) -> ModelFile:
    """Read one of the models in tests/models."""
    return read(MODELS / name)


def exponential(time: np.ndarray, start: float, rate: float, step: float) -> np.ndarray:
    """Return what Euler's method gives for dx/dt = rate x: exact, not an approximation."""
    return start * (1 + rate * step) ** np.round(time / step)


def logistic(time: np.ndarray, start: float, rate: float, capacity: float) -> np.ndarray:
    """Return Verhulst's curve."""
    return capacity / (1 + (capacity / start - 1) * np.exp(-rate * time))
