"""Named loops: the file is read or refused, the shipped ones follow the equations, and the ring shows them."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from sdforecast import shipped
from sdforecast.diagrams import named_loops, ring
from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.diagrams.words import wrapped
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.structure import causal_graph, polarities
from sdforecast.structure.polarity import product, sign_of
from tests.diagrams.models import EPIDEMIC, graph_of

GOOD = "{id: R1, name: Spread, polarity: reinforcing, path: [infected, infection], delay: none, cut: {contact rate: 0}}"


@pytest.fixture(scope="module")
def model():
    return read()


@pytest.fixture(scope="module")
def loops():
    return named_loops.load(named_loops.beside(shipped.model_file()))


def test_every_link_of_a_shipped_loop_is_in_an_equation_and_every_cut_a_constant(model, loops):
    graph = causal_graph(model)
    named_loops.check(loops, graph, shipped.models_dir() / "loops.yaml")
    for loop in loops:
        assert all(graph.variables[name].kind == "constant" for name in loop.cut), loop.id


def test_the_signs_of_the_links_multiply_to_the_polarity_that_is_stated(model, loops):
    signs = polarities(model)
    words = {"+": "reinforcing", "-": "balancing"}
    for loop in loops:
        if loop.polarity != "open":
            found = product([sign_of(signs, *link) for link in loop.links])
            assert words.get(found) == loop.polarity, f"{loop.id}: {found}"


def test_an_open_chain_has_no_way_back_through_the_link_that_would_close_it(model, loops):
    graph = causal_graph(model)
    for loop in loops:
        if loop.polarity == "open":
            assert loop.path[-1] not in graph.variables[loop.path[0]].inputs, loop.id


def test_readme_and_loops_name_the_same(loops):
    readme = (shipped.models_dir() / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([RB]\d)\b.*?\|(.*)$", readme, re.MULTILINE))
    assert set(rows) == {loop.id for loop in loops}
    for loop in loops:
        assert all(f"`{name}`" in rows[loop.id] for name in loop.cut), loop.id


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("loops: [", "is not readable YAML"),
        ("loops: 3", "has no list of loops"),
        ("- 3", "entry 1 is no loop"),
        (f"- {GOOD.replace('reinforcing', 'balanced')}", "'balanced' is no polarity (did you mean 'balancing'?)"),
        (f"- {GOOD.replace('delay: none', 'delay: ')}", "'delay' is missing"),
        (f"- {GOOD.replace('[infected, infection]', '[infected, infected]')}", "stands twice in 'path'"),
        (f"- {GOOD.replace('{contact rate: 0}', 'all')}", "'cut' is not constants with values"),
        (f"- {GOOD}\n- {GOOD}", "loop 'R1' stands twice"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, what):
    (tmp_path / "loops.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=re.escape(what)):
        named_loops.load(tmp_path / "loops.yaml")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("infection]", "infektion]"), "no variable 'infektion' (did you mean 'infection'?)"),
        (("[infected, infection]", "[recovered, infection]"), "'recovered' is not in the equation of 'infection'"),
    ],
)
def test_a_loop_that_the_model_does_not_have_is_refused(tmp_path, change, what):
    graph = graph_of(tmp_path, EPIDEMIC)
    (tmp_path / "loops.yaml").write_text("- " + GOOD.replace(*change), "utf-8")
    with pytest.raises(InputError, match=re.escape(what)):
        named_loops.check(named_loops.load(tmp_path / "loops.yaml"), graph, tmp_path / "loops.yaml")


@pytest.mark.parametrize("n", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("polarity", ["reinforcing", "open"])
def test_a_ring_says_all_and_its_words_are_apart(n, polarity):
    path = tuple(f"variable with a name of some length {k}" for k in range(n))
    loop = NamedLoop("B9", "Rest", polarity, path, "a `year`", {"x": 0}, "It does.")
    text = ring.drawn(loop, dict.fromkeys(loop.links, "+"), frozenset(path[:2]))
    assert text == ring.drawn(loop, dict.fromkeys(loop.links, "+"), frozenset(path[:2]))
    root = ET.fromstring(text.encode("utf-8"))
    shown = " ".join(" ".join(root.itertext()).split())
    assert shown.count("raises") == (n if polarity != "open" else n - 1)
    assert "B9 Rest" in shown
    boxes = ring._boxes(loop, ring.SIZE, frozenset())
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_lines_are_broken_between_words_only_unless_a_word_is_too_long():
    assert wrapped("fragmentation entrants", 170, 17) == ("fragmentation", "entrants")
    assert "".join(wrapped("x" * 60, 100)) == "x" * 60
    assert wrapped("", 100) == ()
