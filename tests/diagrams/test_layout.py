"""Layouts: whatever the model, nothing lies on anything else, everything is there once, and it comes out the same."""

import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdforecast.diagrams import arcs, drawing, repairing
from sdforecast.diagrams.assembling import word
from sdforecast.diagrams.content import Content, FlowPart, Link, content
from sdforecast.diagrams.layout import laid_out
from sdforecast.diagrams.parts import Arrow, Box, Picture
from tests.diagrams.models import EPIDEMIC, graph_of


@st.composite
def contents(draw):
    stocks = [f"stock number {k}" for k in range(draw(st.integers(0, 6)))]
    ends = st.sampled_from([None, *stocks])
    flows = []
    for k in range(draw(st.integers(0, 9)) if stocks else 0):
        source, target = draw(ends), draw(ends)
        if source is None and target is None:
            target = stocks[0]
        named, foreign = draw(st.booleans()), draw(st.booleans())
        name = f"flow of some length {k}" if named else ""
        flows.append(FlowPart(f"valve {name or k}", name, source, target, draw(st.booleans()), named and foreign))
    words = {f"auxiliary {k} " + "long " * (k % 4): "auxiliary" for k in range(draw(st.integers(0, 14)))}
    words = {name.strip(): kind for name, kind in words.items()}
    own = [flow.name or flow.key for flow in flows if not flow.foreign]
    targets = [*words, *own]
    sources = [*stocks, *words, *(flow.name for flow in flows if flow.name), "elsewhere", "far away"]
    links = {}
    for _ in range(draw(st.integers(0, 30)) if targets else 0):
        pair = draw(st.sampled_from(sources)), draw(st.sampled_from(targets))
        links[pair] = Link(*pair, draw(st.sampled_from(["", "+", "-"])))
    return Content("Random", tuple(stocks), tuple(flows), words, tuple(links.values()), {}, frozenset({"far away"}))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(contents())
def test_nothing_overlaps_and_everything_is_there_once(shown):
    picture = laid_out(shown)
    boxes = list(picture.boxes.values())
    for a, b in itertools.combinations(boxes, 2):
        assert not a.overlaps(b), f"{a.key} on {b.key}"
    copied = {key[1 : key.rindex(">")] for key in picture.boxes if key.startswith("<")}
    assert shown.own - {flow.name for flow in shown.flows if flow.foreign} <= set(picture.boxes)
    assert {flow.name for flow in shown.flows if flow.foreign} <= copied
    texts = [" ".join(box.lines) for box in boxes if box.lines and box.kind not in ("shadow", "outside")]
    assert len(texts) == len(set(texts))
    assert len(picture.pipes) == len(shown.flows)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(contents())
def test_pipes_end_at_what_they_join_and_arrows_at_their_boxes(shown):
    picture = laid_out(shown)
    for pipe in picture.pipes:
        for key, (x, y) in ((pipe.source, pipe.points[0]), (pipe.target, pipe.points[-1])):
            left, top, right, bottom = picture.boxes[key].edges
            assert left - 1 <= x <= right + 1
            assert top - 1 <= y <= bottom + 1
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(pipe.points))
    drawn = [link for link in shown.links if link.source != link.target]
    assert len(picture.arrows) == len(drawn)
    for arrow in picture.arrows:
        line = arcs.path(picture.boxes, arrow)
        assert arcs.inside(line[:1], picture.boxes[arrow.source], 0.1).all()
        assert arcs.inside(line[-1:], picture.boxes[arrow.target], 0.1).all()


def test_the_same_content_gives_the_same_file_and_it_is_xml(tmp_path):
    graph = graph_of(tmp_path, EPIDEMIC)
    first, second = (drawing.drawn(laid_out(content(graph, "People", constants=True))) for _ in range(2))
    assert first == second
    root = ET.fromstring(first.encode("utf-8"))
    tags = [node.tag.rpartition("}")[2] for node in root]
    assert tags[:2] == ["title", "desc"]
    assert "susceptible" in "".join(root[1].itertext())


def test_names_with_signs_of_xml_and_forbidden_letters_are_written(tmp_path):
    shown = Content("A <b> & \x00", (), (), {'"x" & <y>\x07': "auxiliary"}, (), {'"x" & <y>\x07': "1 < 2 & 3 > 2"})
    root = ET.fromstring(drawing.drawn(laid_out(shown)).encode("utf-8"))
    assert '"x" & <y>' in " ".join(root.itertext())


def test_a_chain_is_drawn_as_the_equations_have_it(tmp_path):
    picture = laid_out(content(graph_of(tmp_path, EPIDEMIC), "People"))
    joined = {(pipe.source, pipe.target) for pipe in picture.pipes}
    assert joined == {("susceptible", "infected"), ("infected", "recovered")}
    x = [picture.boxes[name].x for name in ("susceptible", "infected", "recovered")]
    assert x == sorted(x)
    assert "contact rate" not in picture.boxes
    assert any(key.startswith("<caution>") and box.kind == "shadow" for key, box in picture.boxes.items())


def test_a_flow_without_a_name_runs_either_way_and_shows_its_causes(tmp_path):
    picture = laid_out(content(graph_of(tmp_path, EPIDEMIC), "Mood"))
    (pipe,) = picture.pipes
    assert pipe.two_way
    into = {arrow.source.split(">")[0].strip("<") for arrow in picture.arrows if arrow.target == pipe.valve}
    assert into == {"infected", "worry"}


def test_a_flow_that_joins_two_stocks_has_its_name_at_each(tmp_path):
    text = EPIDEMIC.replace(
        "recovered = INTEG", "ever infected = INTEG(infection, 10) ~ person ~ ~|\nrecovered = INTEG"
    )
    graph = graph_of(tmp_path, text)
    for level in ("full", "stocks"):
        picture = laid_out(content(graph, "People", level=level))
        (valve,) = (picture.boxes[pipe.valve] for pipe in picture.pipes if pipe.target == "ever infected")
        texts = {" ".join(box.lines) for box in picture.boxes.values() if box.x == valve.x and 0 < box.y - valve.y < 48}
        assert texts == {"<infection>"}
        assert not any(arrow.target == valve.key for arrow in picture.arrows)


def test_an_arrow_through_a_stock_starts_at_a_copy_with_a_clear_way():
    wall = Box("wall", "stock", 300, 100, 150, 200)
    boxes = {name: word(name, name, "auxiliary", x, 100, "") for name, x in (("cause", 60), ("effect", 540))}
    arrow = Arrow("cause", "effect", (300, 100), "+")
    picture = Picture("", "", {**boxes, "wall": wall}, (), (arrow,))
    assert arcs.hits(picture.boxes, arrow)
    (mended,) = (after := repairing.cleared(picture)).arrows
    assert mended.source == "<cause> 1"
    assert not arcs.hits(after.boxes, mended)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(after.boxes.values(), 2))
    assert {key: after.boxes[key] for key in picture.boxes} == picture.boxes


def test_the_overview_has_stocks_flows_and_outside_inputs_only(tmp_path):
    shown = content(graph_of(tmp_path, EPIDEMIC), "Mood", level="stocks")
    assert shown.stocks == ("worry",)
    assert not shown.words
    assert shown.outside == {"campaign"}


@pytest.mark.slow
def test_few_arrows_of_the_shipped_model_run_through_a_box():
    from sdforecast.model import read
    from sdforecast.structure import causal_graph

    graph = causal_graph(read())
    for sector in graph.sectors:
        picture = laid_out(content(graph, sector))
        through = [arrow for arrow in picture.arrows if arcs.hits(picture.boxes, arrow)]
        assert len(through) <= 0.02 * len(picture.arrows), sector
