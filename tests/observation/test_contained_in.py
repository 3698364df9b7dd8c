"""The key of a discrepancy that says which sums its flow is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast import shipped
from sdforecast.errors import InputError
from sdforecast.observation.errors import evidence

SHIPPED = (shipped.calibration_dir() / "targets.toml").read_text(encoding="utf-8")
LINE = 'contained_in = ["opioid deaths", "all drug deaths"]\n'


def changed(folder: Path, line: str) -> Path:
    assert LINE in SHIPPED
    file = folder / "targets.toml"
    file.write_text(SHIPPED.replace(LINE, line), encoding="utf-8")
    return file


def test_the_shipped_one_names_the_two_sums_of_the_model() -> None:
    assert evidence().discrepancies[0].contained_in == ("opioid deaths", "all drug deaths")


def test_it_may_be_left_out(tmp_path: Path) -> None:
    assert evidence(changed(tmp_path, "")).discrepancies[0].contained_in == ()


@pytest.mark.parametrize("value", ['"opioid deaths"', "[1]", '[""]', "{}"])
def test_anything_but_names_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError, match="discrepancy 'deaths': 'contained_in' must be names of variables"):
        evidence(changed(tmp_path, f"contained_in = {value}\n"))
