"""The README's tour runs as it is written, and prints what the README says."""

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "..."


@dataclass
class Step:
    """A command and the lines that the README shows after it; `...` stands for any lines."""

    command: str
    shown: list[str] = field(default_factory=list)


def tour(text):
    """Return the files to write first and the steps, in the order of the text."""
    files, steps = {}, []
    for language, name, body in BLOCK.findall(text):
        if language == "yaml" and name:
            files[name] = body
        elif language == "console":
            for line in body.splitlines():
                if line.startswith("$ "):
                    steps.append(Step(line[2:]))
                else:
                    steps[-1].shown.append(line)
    return files, steps


def agrees(shown, printed):
    """Tell whether `printed` is what `shown` says, where a line `...` stands for any number of lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == ANYTHING else re.escape(line.rstrip()) + r" *\n" for line in shown)
    return re.fullmatch(pattern, printed) is not None


FILES, STEPS = tour((ROOT / "README.md").read_text("utf-8"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A shell that finds `sdforecast` and nothing of the checkout, with an empty folder for its cache."""
    home = tmp_path_factory.mktemp("home")
    programs = home / "bin"
    programs.mkdir()
    installed = Path(sys.executable).parent / "sdforecast"
    command = programs / "sdforecast"
    if installed.exists():
        shutil.copy(installed, command)
    else:  # tests run from a checkout that is not installed
        command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m sdforecast "$@"\n', "utf-8")
    command.chmod(command.stat().st_mode | stat.S_IEXEC)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "COLUMNS": "100", "XDG_CACHE_HOME": str(home / "cache")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tour")
    for name, body in FILES.items():
        (path / name).write_text(body, "utf-8")
    return path


@pytest.mark.parametrize("step", STEPS, ids=[step.command for step in STEPS])
def test_the_tour_runs_as_written(step, folder, environment):
    done = subprocess.run(
        step.command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"$ {step.command}\n{done.stdout}{done.stderr}"
    assert "error:" not in done.stderr
    assert agrees(step.shown, done.stdout), f"$ {step.command}\n{done.stdout}"


def test_the_tour_is_found():
    commands = [step.command.split()[1] for step in STEPS]
    assert {"scenarios", "data", "run", "model", "forecast"} <= set(commands)
    assert FILES


def test_every_block_is_text_that_we_run_or_know_not_to():
    languages = {language for language, _, _ in BLOCK.findall((ROOT / "README.md").read_text("utf-8"))}
    assert languages <= {"console", "yaml", "sh"}


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a", "..."], "a\nb\nc\n", True),
        (["a", "...", "c"], "a\nc\n", True),
        (["b"], "a\n", False),
        (["...", "b"], "a\nb\nc\n", False),
        (["a (1)"], "a (1)\n", True),
    ],
)
def test_comparing_what_is_shown(shown, printed, same):
    assert agrees(shown, printed) is same


def test_the_readme_points_to_files_that_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
