"""Drawn views: what was written is read again, PySD finds each variable in its view, and places are kept."""

import re
import warnings
from pathlib import Path

import pysd
import pytest

from sdforecast.diagrams import sketch, views
from sdforecast.diagrams.content import content
from sdforecast.diagrams.layout import laid_out
from sdforecast.model.groups import groups
from tests.diagrams.models import CONTROL, EPIDEMIC, graph_of, group

TEACUP = r"""{UTF-8}
Teacup = INTEG(-Heat Loss, 180) ~ Degree ~ ~|
Heat Loss = (Teacup - Room) / 10 ~ Degree/Minute ~ ~|
Room = 70 ~ Degree ~ ~|
\\\---/// Sketch information - do not modify anything except names
V300  Do not put anything below this section - it will be ignored
*View 1
$192-192-192,0,Times New Roman|12||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|72,72,100,0
10,1,Teacup,407,224,40,20,3,3,0,0,0,0,0,0
12,2,48,631,226,10,8,0,3,0,0,-1,0,0,0
1,3,5,2,4,0,0,22,0,0,0,-1--1--1,,1|(587,226)|
1,4,5,1,100,0,0,22,0,0,0,-1--1--1,,1|(490,226)|
11,5,48,541,226,6,8,34,3,0,0,1,0,0,0
10,6,Heat Loss,541,242,49,8,40,3,0,0,-1,0,0,0
10,7,Room,600,330,49,8,8,3,0,0,0,0,0,0
1,8,1,6,1,0,43,0,0,64,0,-1--1--1,,1|(469,275)|
1,9,7,6,1,0,45,0,0,64,0,-1--1--1,,1|(570,290)|
12,10,0,300,100,20,20,4,4,0,0,-1,0,0,0
B1
///---\\\
:L<%^E!@
"""
"""In the manner of the file that Ventana's own documentation shows."""


def test_a_view_as_vensim_writes_it_is_read():
    view = sketch.views(TEACUP)["View 1"]
    assert {key: box.kind for key, box in view.boxes.items() if box.kind != "note"} == {
        "Teacup": "stock", "Heat Loss": "flow", "Room": "auxiliary", "valve Heat Loss": "valve", "cloud 2": "cloud",
    }  # fmt: skip
    (pipe,) = view.pipes
    assert (pipe.source, pipe.target) == ("Teacup", "cloud 2")
    assert [(arrow.source, arrow.target, arrow.polarity) for arrow in view.arrows] == [
        ("Teacup", "Heat Loss", "+"), ("Room", "Heat Loss", "-"),
    ]  # fmt: skip
    assert [box.lines for box in view.boxes.values() if box.kind == "note"] == [("B1",)]


@pytest.mark.parametrize(
    "line", ["10,1,", "10,1,a,b,c,d,e,f,g", "11,2", "1,3,4,5", "12,1,0,3", "1,1,1,1,1,0,0,0|", "10,"]
)
def test_broken_records_are_passed_over(line):
    text = TEACUP.replace("10,7,Room,600", f"{line}\n10,7,Room,600")
    assert "Room" in sketch.views(text)["View 1"].boxes


def drawn_epidemic(tmp_path):
    graph = graph_of(tmp_path, EPIDEMIC)
    return graph, views.with_views(
        EPIDEMIC, graph, {("infected", "recovery"): "+"}, {"People": {"B1 depletion": ["infection"]}}
    )


def test_what_is_written_is_read_again(tmp_path):
    graph, text = drawn_epidemic(tmp_path)
    picture = views.moved(laid_out(content(graph, "Mood", constants=True)), *views.ORIGIN)
    again = sketch.views(sketch.written({"Mood": picture}))["Mood"]
    for key, box in picture.boxes.items():
        if box.kind in ("stock", "auxiliary", "input"):
            assert (again.boxes[key].x, again.boxes[key].y) == (round(box.x), round(box.y))
    assert len(again.boxes) == len(picture.boxes)
    assert len(again.arrows) == len(picture.arrows)
    assert [pipe.two_way for pipe in again.pipes] == [pipe.two_way for pipe in picture.pipes]
    people = sketch.views(text)["People"]
    assert ("infected", "recovery", "+") in {
        (a.source, a.target.removeprefix("valve "), a.polarity) for a in people.arrows
    }
    assert [" ".join(box.lines) for box in people.boxes.values() if box.kind == "note"] == ["B1 depletion"]


def test_pysd_finds_each_variable_in_its_view(tmp_path):
    graph, text = drawn_epidemic(tmp_path)
    file = tmp_path / "drawn.mdl"
    file.write_text(text, "utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = pysd.read_vensim(file, split_views=True)
    assert not [str(each.message) for each in caught if "not declared as a workbench" in str(each.message)]
    for sector in graph.sectors:
        module = (tmp_path / "modules_drawn" / f"{sector.lower()}.py").read_text()
        found = set(re.findall(r'name="([^"]+)"', module))
        assert found == {variable.name for variable in graph.variables.values() if variable.sector == sector}
    assert model.run()["infected"].iloc[-1] == pytest.approx(
        pysd.load(tmp_path / "drawn.py").run()["infected"].iloc[-1]
    )


def test_the_sketch_changes_neither_groups_nor_the_graph(tmp_path):
    graph, text = drawn_epidemic(tmp_path)
    assert groups(text) == groups(EPIDEMIC)
    (tmp_path / "again").mkdir()
    again = graph_of(tmp_path / "again", text)
    assert list(again.links) == list(graph.links)
    assert [(v.name, v.sector, v.kind) for v in again.variables.values()] == [
        (v.name, v.sector, v.kind) for v in graph.variables.values()
    ]


def test_a_second_drawing_changes_nothing_and_what_is_new_is_added(tmp_path):
    graph, text = drawn_epidemic(tmp_path)
    signs, notes = {("infected", "recovery"): "+"}, {"People": {"B1 depletion": ["infection"]}}
    assert views.with_views(text, graph, signs, notes) == text
    longer = EPIDEMIC.replace(
        "duration = 4", "duration = 4 * care ~ Month ~ ~|\ncare = 1 - beds / 100 ~ Dmnl ~ ~|\nbeds = 5"
    )
    wider = longer.replace(CONTROL, group("New", "idea = population / 2 ~ person ~ ~|") + CONTROL)
    (tmp_path / "more").mkdir()
    new = graph_of(tmp_path / "more", wider)
    renewed = sketch.views(views.with_views(wider.rstrip() + "\n" + text[text.index(sketch.MARK) :], new, signs, notes))
    before = sketch.views(text)
    for sector in ("People", "Mood"):
        for key, box in before[sector].boxes.items():
            if box.kind in ("stock", "auxiliary", "flow", "note"):
                assert (renewed[sector].boxes[key].x, renewed[sector].boxes[key].y) == (box.x, box.y)
    assert {"care", "beds"} <= set(renewed["People"].boxes)
    assert "idea" in renewed["New"].boxes


def test_other_views_and_the_settings_stay(tmp_path):
    graph = graph_of(tmp_path, EPIDEMIC + TEACUP[TEACUP.index(sketch.MARK) :])
    text = views.with_views(Path(graph.file).read_text(), graph)
    assert set(sketch.views(text)) == {"People", "Mood", "View 1"}
    assert text.endswith(":L<%^E!@\n")


def test_a_drawn_view_is_shown_as_it_is_without_constants(tmp_path):
    graph, text = drawn_epidemic(tmp_path)
    shown = content(graph, "People")
    picture = views.as_drawn(sketch.views(text)["People"], shown)
    assert picture is not None
    assert shown.own <= set(picture.boxes)
    assert "contact rate" not in picture.boxes
    assert len(picture.arrows) == len(shown.links)
    assert views.as_drawn(sketch.views(text)["Mood"], shown) is None
