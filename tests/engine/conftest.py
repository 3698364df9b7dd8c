"""Models of a few equations, written where a test may change them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.model import ModelFile, read
from tests.engine.compiled.comparing import written

Write = Callable[..., ModelFile]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write equations (one a line) as a Vensim file and read it."""

    def make(equations: str, **control: object) -> ModelFile:
        return read(written(tmp_path, equations, **control))

    return make


@pytest.fixture
def random_model(write: Write) -> ModelFile:
    """A model that only PySD runs, because of the third of its equations."""
    return write("Level = INTEG(rate, 0)\nrate = 2\na noise = RANDOM UNIFORM(0, 1, 0)")
