"""How often nodes are computed."""

from __future__ import annotations

import itertools

import pytest

from sdforecast.engine.compiled.level import Level, Leveled, join
from sdforecast.engine.compiled.program import Output, Ring, Table
from sdforecast.engine.compiled.unsupported import Unsupported
from tests.engine.compiled.programs import Sketch, factory, pipeline, ready


def _at(leveled: Leveled, op: str) -> list[Level]:
    return [at for node, at in zip(leveled.program.nodes, leveled.levels, strict=True) if node.op == op]


def test_join_is_commutative_associative_and_grows() -> None:
    for one, two, three in itertools.product(Level, repeat=3):
        assert join(one, two) is join(two, one)
        assert join(join(one, two), three) is join(one, join(two, three))
        assert join(one, one) is one
        assert join(one, two) >= max(one, two)
    assert join(Level.SHARED, Level.TIME) is Level.TIME
    assert join(Level.SHARED, Level.MEMBER) is Level.MEMBER
    assert join(Level.TIME, Level.MEMBER) is Level.STEP


def test_what_members_share_leaves_their_loop() -> None:
    shared, drawn = ready(factory()), ready(factory(), varied=["price"])
    assert _at(shared, "exp") == [Level.SHARED]
    assert _at(shared, "select") == [Level.TIME]
    assert _at(drawn, "exp") == [Level.MEMBER]
    assert _at(drawn, "select") == [Level.STEP]
    assert _at(drawn, "gt") == [Level.TIME]


def test_own_series_belong_to_the_step_and_their_start_to_the_member() -> None:
    shared, own = ready(factory()), ready(factory(), own=["demand"])
    assert (_at(shared, "series"), _at(shared, "series start")) == ([Level.TIME], [Level.SHARED])
    assert (_at(own, "series"), _at(own, "series start")) == ([Level.STEP], [Level.MEMBER])


def test_what_is_handed_on() -> None:
    leveled = ready(factory(), varied=["price"])
    nodes, levels = leveled.program.nodes, leveled.levels
    used = {arg for k, node in enumerate(nodes) if levels[k] >= Level.MEMBER for arg in node.args}
    used |= set(leveled.program.roots)
    assert set(leveled.slots) == {k for k in used if levels[k] is Level.SHARED}
    assert set(leveled.columns) == {k for k in used if levels[k] is Level.TIME}
    assert {nodes[k].op for k in leveled.columns} == {"series", "gt"}


def test_late_is_what_no_next_row_rests_on() -> None:
    assert ready(factory()).late == frozenset()
    leveled = ready(pipeline())
    assert [leveled.program.nodes[k].op for k in leveled.late] == ["ring"]


def test_nodes_that_nothing_needs_are_dropped() -> None:
    leveled = ready(factory(), outputs=["stock"])
    used = {arg for node in leveled.program.nodes for arg in node.args} | set(leveled.program.roots)
    assert used == set(range(len(leveled.program.nodes)))


def test_a_delay_time_that_is_drawn_is_refused() -> None:
    assert ready(pipeline(), varied=["first"]).varied
    with pytest.raises(Unsupported, match="'out'"):
        ready(pipeline(), varied=["delay"])


def test_a_table_read_at_a_number_is_no_number_in_the_code() -> None:
    sketch = Sketch(step=1.0)
    delay = sketch.lookup(Table("t", (0.0, 1.0), (2.0, 4.0)), sketch.builder.lit(0.5))
    sketch.rings.append(Ring("out", sketch.time(), delay, sketch.builder.lit(0.0)))
    sketch.outputs.append(Output("out", (), sketch.builder.leaf("ring", 0)))
    leveled = ready(sketch.program())
    ring = leveled.program.rings[0]
    assert leveled.levels[ring.delay] is Level.SHARED
    assert ring.delay in leveled.slots
