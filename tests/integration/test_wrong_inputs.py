"""Every wrong input: the right exit code, one clear message on stderr, nothing on stdout, nothing written."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import xarray as xr

from sdforecast import shipped
from sdforecast.cli import main
from sdforecast.inference import load, write
from tests.small import MODELS

INPUT, MACHINE = 2, 3
GROWTH = ("--model", "growth.mdl")

CASES = [
    # run: scenarios
    ("run -s militry-only", INPUT, "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
    ("run -s none.yaml", INPUT, "none.yaml: there is no such file (did you mean "),
    ("run -s steep.yaml", INPUT, "steep.yaml:4:55: intensity 1.5 is not between 0 and 1"),
    ("run -s stranger.yaml", INPUT, "did you mean 'naloxone'?"),
    ("run -s backwards.yaml", INPUT, "backwards.yaml:4:49: end 2027-01 comes before start 2030-01"),
    ("run -s past.yaml", INPUT, "past.yaml:4:35: start 2015-01 is not after the last observation, 2025-04"),
    ("run -s broken.yaml", INPUT, "broken.yaml:3:1: is not YAML"),
    (
        "run -s constant.yaml",
        INPUT,
        "constant.yaml:3:14: the model has no constant 'detection bse' (did you mean 'detection base'?)",
    ),
    ("run -s military-only -s military-only", INPUT, "scenario 'military-only' is asked for twice"),
    (
        "run -s current-course --model growth.mdl",
        INPUT,
        "growth.mdl: has no instrument, so a scenario cannot be applied",
    ),
    # run: models
    ("run --model grwth.mdl", INPUT, "grwth.mdl: no such model file (did you mean 'growth.mdl'?)"),
    ("run --model steep.yaml", INPUT, "steep.yaml: is not a model file (expected .mdl, .xmile, .xml or .stmx)"),
    ("run --model folder.mdl", INPUT, "folder.mdl: is not a file"),
    ("run --model unparsable.mdl", INPUT, "unparsable.mdl: PySD does not understand this model: "),
    ("run --model empty.xmile", INPUT, "empty.xmile: PySD does not understand this model: "),
    ("run --engine pysd --model division.mdl --to 9", INPUT, "division.mdl: failed while running: "),
    # run: settings, variables, spans
    ("run --set dose", INPUT, "--set 'dose' is not NAME=VALUE with a number"),
    ("run --set dose=much", INPUT, "--set 'dose=much' is not NAME=VALUE with a number"),
    ("run --set dose=nan", INPUT, "--set 'dose=nan' is not NAME=VALUE with a number"),
    ("run --set =3", INPUT, "--set '=3' is not NAME=VALUE with a number"),
    ("run --set dose=1 --set Dose=2", INPUT, "--set gives 'dose' two values, 1 and 2"),
    ("run --set detection_bse=0.2", INPUT, "no variable 'detection_bse' (did you mean 'detection base'?)"),
    ("run --set tolerance=1", INPUT, "'tolerance' is not a constant but of kind stock"),
    ("run --variables powder_purty", INPUT, "no variable 'powder_purty' (did you mean 'powder purity'?)"),
    ("run --variables ,", INPUT, "--variables names none"),
    ("run --from 2030-01 --to 2020-01", INPUT, "--from 2030-01 is after --to 2020-01"),
    ("run --from 2009-12", INPUT, "--from 2009-12 is out of range (2010-01 to 2035-12)"),
    ("run --to 2036-01", INPUT, "--to 2036-01 is out of range (2010-01 to 2035-12)"),
    ("run --to 2030-13", INPUT, "--to: month must be in 1..12"),
    ("run --to tomorrow", INPUT, "--to: 'tomorrow' is not a month; write YYYY-MM"),
    ("run --model growth.mdl --to tomorrow", INPUT, "--to: 'tomorrow' is not a number"),
    ("run --model growth.mdl --to inf", INPUT, "--to inf is not a time"),
    ("run --model growth.mdl --from 90", INPUT, "growth.mdl: the span asked for holds no saved time"),
    ("run --engine fast", INPUT, "'fast' is not one of 'auto', 'compiled', 'pysd'"),
    ("run --scenari military-only", INPUT, "No such option '--scenari'. Did you mean '--scenario'?"),
    # run: output
    ("run -o run.xlsx", INPUT, "run.xlsx: cannot write a file of kind '.xlsx'"),
    ("run -o run.cvs", INPUT, "run.cvs: cannot write a file of kind '.cvs' (did you mean '.csv'?)"),
    ("run -o folder.csv", INPUT, "folder.csv: is a folder (name a file)"),
    ("run --to 2010-02 -o steep.yaml/run.csv", MACHINE, "steep.yaml/run.csv: cannot write here: "),
    # forecast
    ("forecast -s militry-only", INPUT, "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
    ("forecast -s none.yaml", INPUT, "none.yaml: there is no such file"),
    ("forecast -s steep.yaml", INPUT, "steep.yaml:4:55: intensity 1.5 is not between 0 and 1"),
    ("forecast -s current-course -s current-course", INPUT, "scenario 'current-course' is asked for twice"),
    ("forecast --horizon 2040-01", INPUT, "horizon 2040-01 is out of range (2025-12 to 2035-12)"),
    ("forecast --horizon soon", INPUT, "horizon: 'soon' is not a month; write YYYY-MM"),
    ("forecast --draws 0", INPUT, "Invalid value for '--draws'"),
    ("forecast --draws 50000", INPUT, "12500 draws asked for of structure 'supply-led' (the posterior has 1 to "),
    ("forecast --draws 2", INPUT, "2 draws are fewer than the 3 structures of the forecast"),
    ("forecast --structure sprad", INPUT, "no structure 'sprad' (did you mean 'spread'?)"),
    ("forecast --structure spread", INPUT, "'spread' has no policies of its own"),
    ("forecast --structure spread --posterior full", INPUT, "--posterior and --targets are of one structure alone"),
    ("forecast --draws some", INPUT, "Invalid value for '--draws'"),
    ("forecast --seed -1", INPUT, "Invalid value for '--seed'"),
    ("forecast --posterior nowhere", INPUT, "nowhere: no posterior here (make one: sdforecast calibrate)"),
    ("forecast --posterior spoiled", INPUT, "spoiled/fit.csv: is not a table of a posterior: "),
    (
        "forecast --posterior other",
        INPUT,
        "the posterior is of another model: 'growth rate' is no constant of this one",
    ),
    ("forecast --draws 1 --targets nowhere.toml", INPUT, "nowhere.toml"),
    ("forecast --draws 1 --targets broken.toml", INPUT, "broken.toml"),
    ("forecast --draws 3 -o full", MACHINE, "full: holds files that are not ours, nothing was changed"),
    ("forecast --draws 3 -o .", MACHINE, "is the folder you are in, and would be replaced"),
    ("forecast --draws 3 -o other", MACHINE, "other: holds files that are not ours, nothing was changed"),
    ("forecast --draws 3 -o steep.yaml", MACHINE, "steep.yaml: is not a folder"),
    ("forecast --draws 3 -o steep.yaml/results", MACHINE, "steep.yaml/results: cannot write here: "),
    # calibrate
    ("calibrate --starts 0", INPUT, "Invalid value for '--starts'"),
    ("calibrate --draws none", INPUT, "Invalid value for '--draws'"),
    ("calibrate --method gibbs", INPUT, "Invalid value for '--method'"),
    ("calibrate --target-accept 1", INPUT, "Invalid value for '--target-accept'"),
    ("calibrate --quick --method de", INPUT, "--quick does not sample, so --method has no meaning with it"),
    ("calibrate -q --hold deterrence=1", INPUT, "no parameter 'deterrence' to hold (did you mean "),
    ("calibrate --seed -1", INPUT, "Invalid value for '--seed'"),
    ("calibrate -q --data nowhere", INPUT, "nowhere"),
    ("calibrate -q --data csv", INPUT, "csv/broken.csv"),
    ("calibrate --model grwth.mdl", INPUT, "grwth.mdl: no such model file (did you mean 'growth.mdl'?)"),
    (
        "calibrate -q --model growth.mdl",
        INPUT,
        "targets is about a variable of growth.mdl (targets and parameters of your own",
    ),
    ("calibrate -q --parameters none.toml", INPUT, "none.toml: no such file"),
    ("calibrate -q --parameters priors.toml", INPUT, "priors.toml:1: parameter 'dose': 'unit' is missing"),
    ("calibrate -q --targets targets.toml", INPUT, "targets.toml:1: target 'deaths': 'series' is missing"),
    ("calibrate -q --targets priors.toml", INPUT, "priors.toml: unknown entry 'parameter' (known: target, "),
    ("calibrate -q --targets broken.toml", INPUT, "broken.toml: is not readable TOML: "),
    ("calibrate -o full", MACHINE, "full: holds files that are not ours, nothing was changed"),
    # model, data, scenarios, and what is none
    ("model variables --model grwth.mdl", INPUT, "grwth.mdl: no such model file (did you mean 'growth.mdl'?)"),
    ("model variables --sector Demnd", INPUT, "no sector 'Demnd' (did you mean 'Demand'?)"),
    ("data show synthetic_opioid_deths", INPUT, "did you mean 'synthetic_opioid_deaths'"),
    ("scenarios show militry-only", INPUT, "did you mean 'military-only'"),
    ("forcast", INPUT, "No such command 'forcast': did you mean 'forecast'?"),
]


def write_inputs(folder: Path) -> None:
    """Put files that are wrong in one way each, and some that are right, where the commands run."""
    for name in ("growth.mdl", "division.mdl", "regions.mdl"):
        shutil.copy(MODELS / name, folder)
    shutil.copy(MODELS / "broken.mdl", folder / "unparsable.mdl")
    (folder / "empty.xmile").write_text("")
    mixes = {
        "steep": "  - {instrument: naloxone, start: 2027-01, intensity: 1.5}",
        "stranger": "  - {instrument: naloxon, start: 2027-01, intensity: 0.5}",
        "backwards": "  - {instrument: naloxone, start: 2030-01, end: 2027-01, intensity: 0.5}",
        "past": "  - {instrument: naloxone, start: 2015-01, intensity: 0.5}",
    }
    for name, change in mixes.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\ntitle: Mix\ninstruments:\n{change}\n")
    (folder / "broken.yaml").write_text("name: broken\ntitle: [\n")
    (folder / "constant.yaml").write_text("name: constant\ntitle: Mix\nparameters: {detection bse: 0.2}\n")
    (folder / "priors.toml").write_text('[[parameter]]\nname = "dose"\n')
    (folder / "targets.toml").write_text('[[target]]\nname = "deaths"\n')
    (folder / "broken.toml").write_text("[[target]\n")
    (folder / "folder.csv").mkdir()
    (folder / "folder.mdl").mkdir()
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("ten years of work")
    (folder / "csv").mkdir()
    (folder / "csv" / "broken.csv").write_text("series,value\nsynthetic_opioid_deaths,many\n")
    shutil.copytree(shipped.posterior_dir(), folder / "spoiled")
    (folder / "spoiled" / "fit.csv").write_text("set,loss\n0,none\n")
    posterior = load(whole=False).thin(4)
    groups = {f"/{name}": renamed(group.to_dataset()) for name, group in posterior.tree.children.items()}
    write(replace(posterior, tree=xr.DataTree.from_dict(groups)), folder / "other")


def renamed(group: xr.Dataset) -> xr.Dataset:
    """A group whose first constant is called `growth rate`."""
    if "parameter" not in group.coords:
        return group
    return group.assign_coords(parameter=["growth rate", *map(str, group["parameter"].to_numpy()[1:])])


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("user")
    write_inputs(made)
    return made


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # as Python does for a user
@pytest.mark.parametrize(("command", "code", "message"), CASES, ids=[case[0] for case in CASES])
def test_a_wrong_input(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    before = contents(folder)
    found = main(command.split(" "))
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if not line.startswith("warning: PySD runs ")]
    assert found == code, err
    assert out == ""
    assert lines[0].startswith("error: "), err
    assert message in err.replace(f"{folder}/", "")
    assert "Traceback" not in err
    assert "a fault of sdforecast" not in err
    assert contents(folder) == before
