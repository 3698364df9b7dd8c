"""Errors become one message on stderr and the exit code that the interface promises."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sdforecast.cli import main
from sdforecast.cli.app import COMMANDS, Entry

ROOT = Path(__file__).resolve().parents[2]
FAULTY = ("fail", "wait", "warn", "talk")


@pytest.fixture(autouse=True)
def faulty_commands(monkeypatch):
    for name in FAULTY:
        monkeypatch.setitem(COMMANDS, name, Entry("tests.cli.faults", name, "Only here."))


PRELUDE = f"""
import sys
from sdforecast.cli.app import COMMANDS, Entry
COMMANDS.update({{n: Entry("tests.cli.faults", n, "") for n in {FAULTY}}})
from sdforecast.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start(*arguments, **streams):
    return subprocess.Popen([sys.executable, "-c", PRELUDE, *arguments], cwd=ROOT, stderr=subprocess.PIPE, **streams)


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        (
            "input",
            2,
            "error: mix.yaml:7:16: intensity 1.5 is above 1\n"
            "error: mix.yaml:9: unknown instrument 'naloxon' (did you mean 'naloxone'?)\n",
        ),
        ("check", 1, "error: the flows do not balance\n"),
        ("machine", 3, "error: the extra 'parquet' is missing\n"),
        ("memory", 3, "error: the machine has not enough memory for this\n"),
        ("disk", 3, "error: out.csv: No space left on device\n"),
        ("escape", 2, "error: bad name '?[31mred?'\n"),
        ("interrupt", 130, "error: interrupted\n"),
        ("abort", 130, "error: interrupted\n"),
        ("exit", 1, ""),
    ],
)
def test_each_error_has_its_code_and_its_message(capsys, kind, code, message):
    assert main(["fail", kind]) == code
    shown = capsys.readouterr()
    assert shown.err == message
    assert shown.out == ""


def test_our_own_fault_is_one_line_that_says_so(capsys, monkeypatch):
    monkeypatch.delenv("SDFORECAST_TRACEBACK", raising=False)
    assert main(["fail", "ours"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: a fault of sdforecast, not of your input: ZeroDivisionError: division by zero")
    assert message.count("\n") == 1


def test_the_traceback_comes_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("SDFORECAST_TRACEBACK", "1")
    assert main(["fail", "ours"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scenaros"], "error: No such command 'scenaros': did you mean 'scenarios'? (see 'sdforecast --help')\n"),
        (["xyzzy"], f"error: No such command 'xyzzy': known: {next(iter(COMMANDS))}, "),
        (["--versoin"], "error: No such option '--versoin'. Did you mean '--version'? (see 'sdforecast --help')\n"),
        (["fail"], "error: Missing argument 'KIND'. (see 'sdforecast fail --help')\n"),
        (["data", "lst"], "error: No such command 'lst'."),
    ],
)
def test_a_wrong_call_is_input_and_names_the_nearest(capsys, arguments, message):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(message)


def test_no_command_shows_the_help_and_is_a_wrong_call(capsys):
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Usage: sdforecast [OPTIONS] COMMAND" in shown.err


def test_warnings_of_libraries_are_one_line_on_stderr():
    process = start("warn", stdout=subprocess.PIPE)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b"result\n")
    assert err == b"warning: a table was extrapolated\n"


class TestProcesses:
    def test_ctrl_c_ends_with_130_and_one_line(self):
        process = start("wait", stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == b"error: interrupted\n"

    @pytest.mark.parametrize("command", ["talk", "--help"])
    def test_a_reader_that_leaves_is_no_error_message(self, command):
        reading, writing = os.pipe()
        os.close(reading)
        process = start(command, stdout=writing)
        os.close(writing)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 141
        assert err == b""

    def test_a_full_disk_behind_stdout_is_the_machines_fault(self):
        with Path("/dev/full").open("wb") as stream:
            process = start("talk", stdout=stream)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 3
        assert err == b"error: No space left on device\n"

    def test_an_ascii_terminal_gets_escapes_and_no_crash(self):
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        call = [sys.executable, "-c", PRELUDE, "fail", "ünknown"]
        done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, timeout=30)
        assert done.returncode == 1
        assert b"\\xfcnknown" in done.stderr


def test_a_folder_that_is_gone(tmp_path, monkeypatch, capsys):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert main(["forecast", "--draws", "1", "-q"]) == 3
    assert capsys.readouterr().err == "error: the folder you are in is gone: go to another one\n"
    os.chdir(tmp_path)
