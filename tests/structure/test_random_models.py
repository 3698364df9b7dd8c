"""What holds for any model: nothing fails, and what was found in different ways agrees."""

import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings

from sdforecast.model import read
from sdforecast.structure import causal_graph, check, feedback_loops, polarities
from tests.properties.random_models import models


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(models())
def test_graph_signs_loops_and_checks_of_random_models(random):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mdl"
        path.write_text(random.source, "utf-8")
        file = read(path)
        graph, links = causal_graph(file), polarities(file)
        numbers = {link for link in graph.links if graph.variables[link[0]].kind != "lookup"}
        assert set(links) <= numbers, "what an equation names and what the engine makes of it"
        for loop in feedback_loops(graph, links, longest=6).loops:
            assert loop.stocks or loop.delays, "a model that runs has no simultaneous loops"
        assert {variable.name for variable in graph.of_kind("stock")} >= {
            name for name in graph.variables if name.startswith("stock ") or name == "level"
        }
        assert {each.variable for each in check(file)} <= set(graph.variables)
