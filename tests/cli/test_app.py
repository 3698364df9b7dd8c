"""The group: fast, lazy, and every command tells how it is used."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import sdforecast
from sdforecast.cli.app import COMMANDS, app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    *("pandas", "pysd", "matplotlib", "scipy", "xarray", "seaborn", "numpy", "pydantic", "jinja2", "rich"),
    *("pymc", "pytensor", "nutpie", "arviz", "numba", "h5py", "h5netcdf"),
}


def imported_by(*arguments):
    call = [sys.executable, "-X", "importtime", "-m", "sdforecast", *arguments]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().partition(".")[0] for line in lines}


def test_help_imports_nothing_heavy():
    names = imported_by("--help")
    assert "click" in names
    assert not names & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(name):
    assert not imported_by(name, "--help") & HEAVY


def test_help_lists_every_command_with_its_line():
    shown = CliRunner().invoke(app, ["--help"]).output
    for name, entry in COMMANDS.items():
        assert f"  {name} " in shown
        assert entry.summary in shown


def commands(name, command):
    if not isinstance(command, click.Group):
        yield name, command
        return
    for part, below in command.commands.items():
        yield from commands(f"{name} {part}", below)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    for path, command in commands(name, app.get_command(click.Context(app), name)):
        shown = CliRunner().invoke(app, [*path.split(), "--help"])
        assert shown.exit_code == 0
        assert "Example" in shown.output, f"'{path} --help' shows no example"
        assert command.help, f"'{path}' says nothing about itself"


def test_version_is_that_of_the_package():
    shown = CliRunner().invoke(app, ["--version"])
    assert shown.output == f"sdforecast {sdforecast.__version__}\n"


def test_the_entry_point_is_main():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entry = importlib.metadata.EntryPoint("sdforecast", project["scripts"]["sdforecast"], "console_scripts")
    assert entry.load() is sdforecast.cli.main
