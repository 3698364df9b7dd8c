"""Feedback loops: all of a small model, the right ones of a large one."""

import networkx as nx
import pytest

from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.structure import causal_graph, feedback_loops, polarities
from sdforecast.structure.loops import FEW
from tests.small import ROOT, small
from tests.structure.writing import model


@pytest.fixture(scope="module")
def shipped():
    file = read()
    return causal_graph(file), polarities(file)


def test_the_three_loops_of_the_epidemic():
    file = small("sir.mdl")
    found = feedback_loops(causal_graph(file), polarities(file))
    assert {(loop.variables, loop.signs, loop.kind) for loop in found.loops} == {
        (("Susceptible", "infection"), ("+", "-"), "balancing"),
        (("Infectious", "infection"), ("+", "+"), "reinforcing"),
        (("Infectious", "recovery"), ("+", "-"), "balancing"),
    }
    assert found.complete and found.independent == 3 and found.own == ()


def test_stocks_delays_and_sectors_on_a_loop(tmp_path):
    text = """
********************************************************
	.Hunters
********************************************************~
		One.
	|
Foxes = INTEG(births - Foxes / 10, 5) ~~ |
births = SMOOTH3(hares seen, 4) * 0.1 ~~ |
********************************************************
	.Prey
********************************************************~
		Two.
	|
Hares = INTEG(Hares * 0.1 - Hares * Foxes * 0.01, 100) ~~ |
hares seen = MAX(Hares, 0) ~~ |
"""
    file = model(tmp_path, text)
    (loop,) = feedback_loops(causal_graph(file), polarities(file)).loops
    assert loop.variables == ("Foxes", "Hares", "hares seen", "births")
    assert loop.signs == ("-", "+", "+", "+") and loop.kind == "balancing"
    assert loop.stocks == ("Foxes", "Hares")
    assert loop.delays == ("births (smooth)",)
    assert loop.sectors == ("Hunters", "Prey")
    assert str(loop) == "Foxes –-→ Hares –+→ hares seen –+→ births –+→ Foxes"


def test_a_loop_through_a_link_that_turns_is_neither(tmp_path):
    text = "Fish = INTEG(growth, 1) ~~ |\ngrowth = Fish * (1 - Fish / 10) ~~ |\n"
    file = model(tmp_path, text, final=30)
    (loop,) = feedback_loops(causal_graph(file), polarities(file)).loops
    assert loop.kind == "either"
    (unsigned,) = feedback_loops(causal_graph(file), {}).loops
    assert unsigned.kind == "unknown"


def test_loops_without_a_stock_have_none_and_models_without_loops_too():
    assert feedback_loops(causal_graph(small("delay.mdl")), {}).loops == ()


def test_few_loops_are_all_told():
    file = read(ROOT / "benchmarks" / "models" / "ring.mdl")
    graph = causal_graph(file)
    found = feedback_loops(graph, {})
    every = list(nx.simple_cycles(nx.DiGraph([link for link in graph.links if link[0] != link[1]])))
    assert found.complete and len(found.loops) == len(every) <= FEW
    assert {frozenset(loop.variables) for loop in found.loops} == {frozenset(loop) for loop in every}


def test_of_many_the_shortest_independent_are_told(shipped):
    graph, links = shipped
    found = feedback_loops(graph, links)
    assert not found.complete and len(found.loops) == found.independent
    lengths = [len(loop) for loop in found.loops]
    assert lengths == sorted(lengths)
    for loop in found.loops:
        assert loop.stocks, "without a stock a loop would be simultaneous"
        for cause, effect in zip(loop.variables, (*loop.variables[1:], loop.variables[0]), strict=True):
            assert cause in graph.variables[effect].inputs


def test_through_a_variable_and_of_a_length_are_what_filtering_all_gives(shipped):
    graph, links = shipped
    every = feedback_loops(graph, links, longest=8)
    assert every.complete and {len(loop) for loop in every.loops} <= set(range(2, 9))
    through = feedback_loops(graph, links, through="perceived risk", longest=8)
    wanted = [loop for loop in every.loops if "perceived risk" in loop.variables]
    assert wanted and set(through.loops) == set(wanted)
    shortest = feedback_loops(graph, links, through="perceived risk")
    assert shortest.loops[: len(wanted)] == tuple(wanted)
    assert feedback_loops(graph, links, through="price elasticity").loops == ()


def test_loops_are_the_same_each_time(shipped):
    graph, links = shipped
    assert feedback_loops(graph, links).loops == feedback_loops(graph, links).loops


def test_a_length_below_two_is_refused(shipped):
    with pytest.raises(InputError, match="at least 2"):
        feedback_loops(*shipped, longest=1)
