"""The shortest independent loops: as many as there must be, independent, and short."""

import itertools

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast.structure.independent import Basis, shortest_independent


@st.composite
def strongly_connected(draw, most=9):
    """A ring through all variables in some order, and any further links."""
    count = draw(st.integers(2, most))
    ring = draw(st.permutations(range(count)))
    pairs = list(itertools.permutations(range(count), 2))
    links = set(zip(ring, [*ring[1:], ring[0]], strict=True)) | set(draw(st.lists(st.sampled_from(pairs), max_size=14)))
    return {str(k): [str(j) for j in range(count) if (k, j) in links] for k in range(count)}


def links_of(loop):
    return list(zip(loop, (*loop[1:], loop[0]), strict=True))


@settings(max_examples=150, deadline=None)
@given(strongly_connected())
def test_they_are_simple_loops_as_many_as_links_less_variables_plus_one_and_independent(graph):
    links = [(cause, effect) for cause, effects in graph.items() for effect in effects]
    loops = shortest_independent(graph)
    assert len(loops) == len(links) - len(graph) + 1
    for loop in loops:
        assert len(set(loop)) == len(loop) >= 2
        assert set(links_of(loop)) <= set(links)
    vectors = np.array([[link in set(links_of(loop)) for link in links] for loop in loops], float)
    assert np.linalg.matrix_rank(vectors) == len(loops)
    assert vectors.any(axis=0).all(), "every link is on one of them"


@settings(max_examples=80, deadline=None)
@given(strongly_connected(most=7))
def test_no_choice_among_all_loops_is_shorter_in_all_but_rare_graphs(graph):
    everything = nx.DiGraph([(cause, effect) for cause, effects in graph.items() for effect in effects])
    basis = Basis(graph)
    shortest = [loop for loop in sorted(map(tuple, nx.simple_cycles(everything)), key=len) if basis.add(loop)]
    ours = shortest_independent(graph)
    assert len(ours) == len(shortest)
    assert sum(map(len, ours)) >= sum(map(len, shortest))
    assert min(map(len, ours)) == min(map(len, shortest))


def test_a_loop_made_up_of_others_is_left_out():
    # a small loop on each side of B, and the ring around all, which is their sum but for nothing else
    graph = {"A": ["B"], "B": ["A", "C"], "C": ["B"]}
    assert sorted(map(sorted, shortest_independent(graph))) == [["A", "B"], ["B", "C"]]


def test_short_loops_come_before_the_long_one_that_they_leave_over():
    ring = [f"v{k}" for k in range(6)]
    graph = {name: [ring[(k + 1) % 6]] for k, name in enumerate(ring)}
    graph["v1"].append("v0")
    loops = shortest_independent(graph)
    assert [len(loop) for loop in loops] == [2, 6]
