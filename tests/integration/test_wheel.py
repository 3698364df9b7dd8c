"""The wheel carries what the program reads, and works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = "sdforecast/shipped_files"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    call = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(call, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return path


def tracked(*folders):
    call = ["git", "ls-files", "--", *folders]
    return set(subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines())


def test_every_file_of_the_model_and_the_calibration_is_inside(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"{SHIPPED}/{name}" for name in tracked("models", "calibration")} | tracked("sdforecast")
    assert wanted
    assert wanted <= inside


def test_nothing_else_is_inside(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sdforecast"}
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name]


def test_the_entry_point_and_the_licence_are_in_the_metadata(wheel):
    archive = zipfile.ZipFile(wheel)
    names = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
    assert "sdforecast = sdforecast.cli:main" in archive.read(names["entry_points.txt"]).decode()
    assert "License-Expression: MIT" in archive.read(names["METADATA"]).decode()
    assert "LICENSE" in names


@pytest.mark.parametrize("command", [("scenarios", "list"), ("data", "check"), ("scenarios", "show", "military-only")])
def test_commands_work_from_the_wheel_in_an_empty_folder(wheel, tmp_path, command):
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(installed)
    empty.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    call = [sys.executable, "-c", "import sdforecast, sys; from sdforecast.cli import main; "
            "assert 'installed' in sdforecast.__file__; sys.exit(main())", *command]  # fmt: skip
    done = subprocess.run(call, cwd=empty, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert list(empty.iterdir()) == []
