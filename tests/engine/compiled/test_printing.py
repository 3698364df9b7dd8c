"""Programs as text."""

from __future__ import annotations

from sdforecast.engine.compiled.printing import printed
from sdforecast.engine.compiled.program import Table
from tests.engine.compiled.programs import Sketch, factory, pipeline, ready, teacup


def test_a_lowered_program() -> None:
    assert printed(teacup()) == (
        "program: euler, step 0.125, from 0\n"
        "parameter 0 INITIAL TIME = 0\n"
        "parameter 1 TIME STEP = 0.125\n"
        "parameter 2 room = 70\n"
        "parameter 3 first = 180\n"
        "parameter 4 cooling time = 10\n"
        "%0 = par 0                          ; INITIAL TIME\n"
        "%1 = par 1                          ; TIME STEP\n"
        "%2 = par 2                          ; room\n"
        "%3 = par 3                          ; first\n"
        "%4 = par 4                          ; cooling time\n"
        "%5 = state 0                        ; temperature\n"
        "%6 = sub %5, %2\n"
        "%7 = div %6, %4                     ; loss\n"
        "%8 = neg %7\n"
        "state 0 temperature: starts as %3, changes by %8 a unit of time\n"
        "output temperature: %5\n"
        "output loss: %7\n"
    )


def test_levels_are_sections() -> None:
    assert printed(ready(pipeline(), varied=["gain"])) == (
        "program: euler, step 0.25, from 0\n"
        "parameter 0 INITIAL TIME = 0\n"
        "parameter 1 TIME STEP = 0.25\n"
        "parameter 2 delay = 1\n"
        "parameter 3 first = -1\n"
        "parameter 4 gain = 3\n"
        "-- once for all members\n"
        "%4 = par 2                          ; delay\n"
        "%5 = par 3                          ; first\n"
        "-- once a row for all members\n"
        "%1 = time 0\n"
        "-- once a member\n"
        "%2 = par 4                          ; gain\n"
        "-- each row of each member\n"
        "%3 = mul %2, %1\n"
        "-- each saved row of each member\n"
        "%0 = ring 0                         ; out\n"
        "ring 0 out: filled with %5, takes %3, gives it after %4\n"
        "output out: %0\n"
    )


def test_tables_and_series() -> None:
    lines = printed(factory()).splitlines()
    assert "series 0 demand" in lines
    assert "table 0 effect (interpolate): (0, 2), (0.5, 1.7), (1, 1), (1.5, 0.4), (3, 0.1)" in lines
    assert any(line.endswith("in table 0") for line in lines)


def test_a_long_table_is_cut_and_counted() -> None:
    sketch = Sketch(step=1.0)
    points = tuple(float(k) for k in range(20))
    sketch.output("y", sketch.lookup(Table("long", points, points, "hold backward"), sketch.time()))
    line = next(line for line in printed(sketch.program()).splitlines() if line.startswith("table"))
    assert line.startswith("table 0 long (hold backward): (0, 0), ")
    assert line.endswith("(7, 7), … 20 points")
