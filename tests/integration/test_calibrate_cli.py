"""`sdforecast calibrate` and `sdf.calibrate` as a user runs them, on a small model; Ctrl-C and bad input included."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pymc")
pytest.importorskip("nutpie")

import sdforecast as sdf
from sdforecast.cli import main
from sdforecast.errors import InputError
from tests.small import ROOT

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

FILES = ["--model", "sir.mdl", "--data", "data", "--targets", "targets.toml", "--parameters", "parameters.toml"]


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example of the boarding school, where the commands run."""
    shutil.copytree(ROOT / "calibration" / "examples" / "boarding_school", tmp_path / "school")
    monkeypatch.chdir(tmp_path / "school")
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path / "school"


def test_what_is_publishable_ends_well(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", *FILES, "--starts", "1", "--draws", "300", "--kept", "400", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["sampling"]["publishable"]
    assert told["sampling"]["chains"] == 8
    assert (told["observations"], told["estimated"], told["kept"]) == (14, 2, 400)
    assert sum(told["learned"].values()) == 2
    assert "mode: log density" in err
    found = sdf.load_posterior("posterior")
    assert found.manifest["sampling"] == told["sampling"]
    assert found.manifest["command"].startswith("sdforecast calibrate --model sir.mdl")
    assert len(found) == 400
    assert sorted(path.name for path in school.glob("posterior*")) == ["posterior"]  # the chains are gone


def test_what_is_not_publishable_is_written_all_the_same_and_the_exit_code_is_1(
    school: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", *FILES, "--starts", "1", "--draws", "60", "--chains", "2", "-o", "short"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("target ")
    assert "of 2 constants: learned" in out
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith("error: not fit to publish: 2 chains of 60 draws")
    assert any("too few draws" in line for line in errors)
    assert errors[-1] == "error: short was written all the same, and its manifest says so"
    assert sdf.load_posterior("short").manifest["sampling"]["publishable"] is False


def test_quick_says_what_it_is(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", *FILES, "--quick", "--starts", "2", "--draws", "100", "-o", "quick"]) == 0
    out, err = capsys.readouterr()
    assert "warning: this is the normal approximation at the mode, for a first look" in err
    assert "boys in bed" in out
    assert sdf.load_posterior("quick").manifest["method"] == "laplace"


def test_from_python(school: Path) -> None:
    model = sdf.load_model("sir.mdl")
    files = {"targets": "targets.toml", "parameters": "parameters.toml", "data": "data"}
    with pytest.raises(InputError, match=r"no method 'nutz' \(did you mean 'nuts'\?\)"):
        sdf.calibrate(model, method="nutz", **files)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no target 'boys in bad' to leave out \(did you mean 'boys in bed'\?\)"):
        sdf.calibrate(model, leave_out=["boys in bad"], **files)  # type: ignore[arg-type]
    with pytest.warns(sdf.NotPublishableWarning, match="not fit to publish: 2 chains of 40 draws"):
        found = sdf.calibrate(model, starts=1, chains=2, draws=40, **files)  # type: ignore[arg-type]
    assert list(found.draws) == ["transmission rate", "recovery rate"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", sdf.NotPublishableWarning)
        quick = sdf.calibrate(model, method="quick", starts=1, draws=500, **files)  # type: ignore[arg-type]
    spread = quick.draws.std()
    np.testing.assert_array_less(abs(found.draws.mean() - quick.draws.mean()), spread)


def replaced(name: str, old: str, new: str) -> Callable[[], None]:
    def apply() -> None:
        text = Path(name).read_text(encoding="utf-8")
        assert old in text
        Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def no_values() -> None:
    lines = Path("data/in_bed.csv").read_text(encoding="utf-8").splitlines()
    spoiled = [",".join([*line.split(",")[:6], "", *line.split(",")[7:]]) for line in lines[1:]]
    Path("data/in_bed.csv").write_text("\n".join([lines[0], *spoiled]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (replaced("targets.toml", '"Infectious"', '"Infectius"'),
         "targets.toml:7: target 'boys in bed': sir.mdl has no variable 'Infectius' (did you mean 'Infectious'?)"),
        (replaced("parameters.toml", "low = 0.01", "low = 5.0"),
         "parameters.toml:4: parameter 'transmission rate': 'low' <= 'value' <= 'high' does not hold"),
        (replaced("targets.toml", '"Infectious"', '"infection"'),
         "targets.toml:7: target 'boys in bed': series 'in_bed' is in 'boys' and the model in 'boy/Day', which are "),
        (replaced("targets.toml", "start = 1978-01-21", "start = 1979-01-21"),
         "series 'in_bed' ends on 1978-02-04, before the model starts (1979-01-21) (see [time] start)"),
        (no_values, "data/in_bed.csv:2: series 'in_bed': all 14 values are missing"),
        (replaced("sir.mdl", "infection = transmission rate", "infection = LN(transmission rate - 2.5)"),
         "sir.mdl: at the centre of the priors the model gives no number for target 'boys in bed' on 1978-01-22"),
    ],
    ids=["variable", "bounds", "unit", "ends before", "missing", "not a number"],
)  # fmt: skip
def test_bad_input_is_one_clear_message(
    school: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[], None], message: str
) -> None:
    spoil()
    assert main(["calibrate", *FILES, "-q"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not list(school.glob("*posterior*"))


@pytest.mark.slow  # three processes that load PyMC
def test_after_ctrl_c_the_same_command_goes_on_from_the_chains_that_had_ended(school: Path) -> None:
    call = [sys.executable, "-m", "sdforecast", "calibrate", *FILES, "--starts", "1", "--draws", "2000", "--cores", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        call, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 240
    while not Path("posterior.chains/chain-0.nc").is_file():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "waited four minutes in vain"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    last = err.decode().splitlines()[-2:]
    assert "of 4 chains are kept in posterior.chains: the same command goes on from there" in last[0]
    assert last[1] == "error: interrupted"
    assert not Path("posterior").exists()
    kept = Path("posterior.chains/chain-0.nc").read_bytes()
    assert kept
    assert main(["calibrate", *FILES, "--starts", "1", "--draws", "2000", "--cores", "1", "-q"]) == 0
    assert not Path("posterior.chains").exists()
    assert main(["calibrate", *FILES, "--starts", "1", "--draws", "2000", "-q", "-o", "at-once"]) == 0
    assert sdf.load_posterior("posterior").draws.equals(sdf.load_posterior("at-once").draws)
