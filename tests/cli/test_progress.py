"""Progress goes to stderr, seldom, and only where someone reads it."""

import sys

import pytest

from sdforecast.cli import progress as module
from sdforecast.cli.progress import duration, progress


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"), (7385, "2 h 3 min")],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


def run(total, *, quiet=False):
    with progress("runs", total, quiet=quiet) as advance:
        for _ in range(total):
            advance()


def test_a_log_gets_a_line_with_the_time_left(capsys, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    run(6)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == ["runs: 2 of 6, about 40 s left", "runs: 4 of 6, about 20 s left"]


def test_work_that_ends_in_blocks_is_judged_by_whole_blocks(capsys, monkeypatch):
    """A hundred runs end together after a minute: one of 200 in a minute would be three hours for the rest."""
    clock = iter([0, *(60 + k / 1e6 for k in range(100)), *(120 + k / 1e6 for k in range(100))])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with module.progress("runs", 200) as advance:
        for _ in range(200):
            advance()
    assert capsys.readouterr().err.splitlines() == ["runs: 101 of 200, about 1 min 58 s left"]


def test_short_work_and_quiet_work_say_nothing(capsys, monkeypatch):
    run(5)
    clock = iter(range(0, 1000, 100))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    run(5, quiet=True)
    run(0)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_a_terminal_gets_a_bar_on_stderr(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run(3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "runs" in shown.err
    assert "3/3" in shown.err


def test_no_color_is_respected(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run(3)
    assert "\x1b[3" not in capsys.readouterr().err


def test_an_error_in_the_work_comes_through():
    with pytest.raises(ZeroDivisionError), progress("runs", 3):
        raise ZeroDivisionError
