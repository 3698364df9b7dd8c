"""A study at an origin sees what was known: the shipped history is gone, the model's own tables are spoilt."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from sdforecast import model, shipped
from sdforecast.backtesting import known_at
from sdforecast.inference.studying import Setting, study

ORIGIN, NOW = "2019-12", 120.0


def spoilt(text: str) -> str:
    """Return the model file with every knot of a table over time after the origin changed."""

    def table(found: re.Match[str]) -> str:
        head, _, rest = found[0].partition("]")
        return head + "]" + re.sub(r"\(([0-9.]+),([0-9.]+)\)", knot, rest)

    def knot(found: re.Match[str]) -> str:
        return found[0] if float(found[1]) <= NOW else f"({found[1]},{3 * float(found[2]) + 0.5:g})"

    changed, count = re.subn(r"LOOKUP\(Time,\(\[.*?\)\)\n\s*~", table, text, flags=re.DOTALL)
    assert count == 33  # twelve inputs, twenty instruments and a switch
    return changed


def study_at(file: Path, folder: Path) -> Setting:
    known, asked = known_at(ORIGIN), model.read(file)
    return study(asked, known.write(folder), hold=known.held, entering=known.inputs(asked))


@pytest.mark.slow  # compiles the model twice
def test_a_study_reads_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = study_at(shipped.model_file(), tmp_path / "one")
    file = tmp_path / "fentanyl.mdl"
    file.write_text(spoilt(shipped.model_file().read_text("utf-8")), "utf-8")
    known, asked = known_at(ORIGIN), model.read(file)
    entering, sources = known.inputs(asked), known.write(tmp_path / "two")

    def gone() -> Path:
        raise AssertionError("the shipped history was read")

    for place in ("shipped", "scenario.levels", "scenario.instruments", "scenario.events"):
        monkeypatch.setattr(sys.modules[f"sdforecast.{place}"], "history_dir", gone)
    found = study(asked, sources, hold=known.held, entering=entering)
    assert [p.name for p in found.study.parameters] == [p.name for p in expected.study.parameters]
    centres = [p.value for p in found.study.parameters]
    point = np.array([*centres, *[0.1] * (found.study.predictor.size - len(centres))])
    one, two = (each.study.predictor.forward(point)[0] for each in (expected, found))
    np.testing.assert_array_equal(one, two)
    for column in ("observed", "log_share", "report_sd"):
        np.testing.assert_array_equal(found.study.observations[column], expected.study.observations[column])
    assert (found.study.observations["report_sd"] > 0).any()
