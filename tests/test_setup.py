"""Setting up from a clean clone: the locks, the Makefile's words when something is missing."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock):
    found = PIN.findall((ROOT / lock).read_text("utf-8"))
    return {canonical(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_only_pins_and_hashes(lock):
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("#")] == lines[:2]
    assert not [line for line in lines if "/" in line or "://" in line or line.startswith("-")]
    content = "\n".join(lines[2:])
    entries = re.findall(r"^\S+==.*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+$", content, re.MULTILINE)
    assert len(entries) == len(pins(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_one_version_a_package_for_all_pythons(lock):
    names = [canonical(name) for name, _ in PIN.findall((ROOT / lock).read_text("utf-8"))]
    assert len(names) == len(set(names))


def test_the_locks_satisfy_what_the_project_declares():
    runtime = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    extras = [name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra]
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", runtime + extras)):
        have = pins(lock)
        for requirement in map(Requirement, wanted):
            version = have.get(canonical(requirement.name))
            assert version is not None, f"{lock} lacks {requirement.name}"
            assert version in requirement.specifier, f"{lock} has {requirement.name} {version}, not {requirement}"


def test_the_tests_run_with_what_users_run():
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime.items() <= dev.items()


@pytest.fixture
def clone(tmp_path):
    """A folder with all that the set-up reads."""
    for name in ("Makefile", "setup.sh", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder, *arguments, **environment):
    # MAKEFLAGS and the like would reach us when the tests themselves are run by make.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def pretender(folder, condition, action):
    """Write an interpreter that answers one question differently from the one that runs the tests."""
    path = folder / "pretender"
    path.write_text(f'#!/bin/sh\ncase "$*" in {condition}) {action};; esac\nexec "{sys.executable}" "$@"\n', "utf-8")
    path.chmod(0o755)
    return str(path)


def test_help_is_the_default_and_names_every_target(clone):
    done = make(clone)
    assert done.returncode == 0
    shown = {line.split()[1] for line in done.stdout.splitlines()}
    assert shown == {
        "help",
        "forecast",
        "test",
        "test-slow",
        "check",
        "bench-calibration",
        "bench-engine",
        "lock",
        "clean",
    }


def test_no_python_is_one_clear_line(clone):
    done = make(clone, "forecast", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        "error: no 'no-such-python' here: install Python 3.11 or newer, "
        "or say where it is: make PYTHON=/path/to/python3"
    )


def test_an_old_python_is_one_clear_line(clone):
    python = pretender(clone, "*version_info*", "exit 1")
    done = make(clone, "forecast", f"PYTHON={python}")
    assert done.returncode != 0
    assert re.match(r"error: Python 3\S+ is too old: install 3\.11 or newer", done.stderr)


def test_a_missing_venv_module_says_what_to_install(clone):
    python = pretender(clone, "*ensurepip*", "exit 1")
    done = make(clone, "forecast", f"PYTHON={python}")
    assert done.returncode != 0
    assert "install python3-venv (Debian, Ubuntu: apt install python3-venv)" in done.stderr.splitlines()[0]
    assert not (clone / ".venv").exists()


def test_no_network_says_so_and_the_next_call_starts_again(clone):
    environment = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    done = make(clone, "forecast", f"PYTHON={sys.executable}", **environment)
    assert done.returncode != 0
    first, second, *_ = done.stderr.splitlines()
    assert first.startswith("Setting up .venv with Python 3")
    assert "about 220 MB to download, 890 MB on disk" in first
    assert second.startswith("error: the package index cannot be reached: check the network")
    assert not (clone / ".venv" / ".runtime").exists()


def test_clean_removes_what_make_made_and_nothing_else(clone):
    for name in (".venv", "results", "build"):
        (clone / name).mkdir()
    (clone / "mine.csv").touch()
    assert make(clone, "clean").returncode == 0
    assert {path.name for path in clone.iterdir()} == {"Makefile", "setup.sh", "pyproject.toml", "mine.csv", *LOCKS}
