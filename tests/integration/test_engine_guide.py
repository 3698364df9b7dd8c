"""The Python in docs/engine.md runs as it stands."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    shutil.copy(ROOT / "tests" / "models" / "growth.mdl", tmp_path / "model.mdl")
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    exec(compile(code.group(1), "docs/engine.md", "exec"), found)
    growth = (1 + 0.03 * 0.125) ** (40 / 0.125)  # Euler's steps of an eighth
    assert found["run"]["Population"][-1] == pytest.approx(100 * growth)  # type: ignore[index]
    assert found["runs"]["Population"].dims == ("draw", "time")  # type: ignore[index]
    middle = (1 + 0.03 * 0.125) ** (np.arange(41) / 0.125) * 100
    np.testing.assert_allclose(found["fan"]["Population"].sel(quantile=0.5), middle, rtol=1e-7)  # type: ignore[index]
    fitted = 100 * (1 + 0.02 * 0.125) ** (np.array([30, 40]) / 0.125)
    assert found["value"] == pytest.approx(-((fitted - np.array([182.0, 223.0])) ** 2).sum())
    slope = (np.array([30, 40]) / 0.125) * fitted / (1 + 0.02 * 0.125) * 0.125
    gradient = -2 * ((fitted - np.array([182.0, 223.0])) * slope).sum()
    assert found["gradient"].parameters["growth rate"] == pytest.approx(gradient, rel=1e-9)  # type: ignore[attr-defined]
