"""Every variable and every saved row of small models, one a language feature, against PySD's own run.

What PySD itself gets wrong is not in these models but in `test_definitions.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sdforecast import shipped
from tests.engine.compiled.comparing import FEATURES, compiled, error, pysd
from tests.engine.compiled.workbook import write_workbook
from tests.small import MODELS

OURS = sorted(path.name for path in FEATURES.iterdir() if path.suffix in (".mdl", ".xmile"))
_SMALL = ("code", "delay", "division", "growth", "logistic", "regions", "sir")
SMALL = [*(f"{name}.mdl" for name in _SMALL), "growth.xmile"]


def agree(file: Path, tolerance: float = 1e-12) -> None:
    times, theirs = pysd(file)
    ours = compiled(file)
    assert ours.times.tolist() == times.tolist()
    assert ours.code.keys() == theirs.keys()
    wrong = {
        f"{key} by {how}": apart
        for how, values in (("machine code", ours.code), ("the interpreter", ours.read))
        for key in theirs
        if (apart := error(values[key], theirs[key])) > tolerance
    }
    assert not wrong


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models with the files that they read."""
    folder = tmp_path_factory.mktemp("features")
    shutil.copytree(FEATURES, folder, dirs_exist_ok=True)
    write_workbook(folder / "numbers.xlsx")
    return folder


@pytest.mark.parametrize("name", OURS)
def test_a_feature(name: str, features: Path) -> None:
    agree(features / name)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_model(name: str) -> None:
    agree(MODELS / name)


def test_the_shipped_model() -> None:
    agree(shipped.model_file())
