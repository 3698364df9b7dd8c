"""The causal graph says what the equations say."""

from sdforecast.model import read
from sdforecast.structure import causal_graph
from tests.small import MODELS, ROOT, small
from tests.structure.writing import model

EPIDEMIC = """
Susceptible = INTEG(-infection, total - 1) ~ person ~ Those who can fall ill. |
Infected = INTEG(infection - recovery - Infected * 0.01 + (goal - Infected) / 12, 1) ~ person ~ Ill. |
infection = contacts * Susceptible * Infected / total ~ person/Month ~ New cases. |
recovery = SMOOTH3(Infected, stay) / stay ~ person/Month ~ Cases that end. |
contacts = table(Time) * season * share ~ 1/Month ~ Contacts. |
table((0,1),(10,0.5)) ~ 1/Month ~ Table. |
season = 1 + STEP(0.1, 3) ~ Dmnl ~ From outside. |
share = INITIAL(Infected / total) ~ Dmnl ~ Known at the start. |
goal = 3 ~ person ~ Goal. |
total = 1000 ~ person ~ All. |
stay = 2 ~ Month ~ Stay. |
"""


def test_kinds_inputs_and_what_counts_at_the_start_only(tmp_path):
    graph = causal_graph(model(tmp_path, EPIDEMIC))
    kinds = {name: variable.kind for name, variable in graph.variables.items()}
    assert kinds == {
        "Susceptible": "stock", "Infected": "stock", "infection": "flow", "recovery": "flow", "contacts": "auxiliary",
        "table": "lookup", "season": "input", "share": "auxiliary", "goal": "constant", "total": "constant",
        "stay": "constant",
    }  # fmt: skip
    assert list(graph.variables) == list(kinds), "in the order of the file"
    assert graph.variables["infection"].inputs == ("contacts", "Susceptible", "Infected", "total")
    assert graph.variables["contacts"].inputs == ("table", "season", "share")
    assert graph.variables["share"].inputs == () and graph.variables["share"].initial == ("Infected", "total")
    assert graph.variables["Susceptible"].initial == ("total",)
    assert graph.variables["recovery"].memories == ("smooth",)
    assert graph.variables["infection"].line == 5


def test_flows_of_a_stock_by_sign_named_or_not(tmp_path):
    graph = causal_graph(model(tmp_path, EPIDEMIC))
    infected = graph.variables["Infected"]
    assert [flow.name for flow in infected.inflows] == ["infection"]
    assert [(flow.name, flow.formula) for flow in infected.outflows] == [
        ("recovery", "recovery"),
        ("", "Infected * 0.01"),
    ]
    assert [flow.formula for flow in infected.netflows] == ["(goal - Infected) / 12"]
    assert [flow.name for flow in graph.variables["Susceptible"].outflows] == ["infection"]
    assert graph.joins("infection") == (("Susceptible",), ("Infected",))


def test_links_and_uses_are_each_other_turned_round(tmp_path):
    graph = causal_graph(model(tmp_path, EPIDEMIC))
    links = set(graph.links)
    assert ("Infected", "infection") in links and ("infection", "Infected") in links
    assert ("total", "Susceptible") not in links, "it counts at the start only"
    uses = graph.uses()
    assert "Susceptible" in uses["total"]
    assert links <= {(cause, user) for cause, users in uses.items() for user in users}


def test_both_formats_give_the_same_graph():
    ours, xmile = (causal_graph(small(name)).variables["Population"] for name in ("growth.mdl", "growth.xmile"))
    assert [flow.name for flow in ours.inflows] == [flow.name for flow in xmile.inflows] == ["births"]
    assert xmile.kind == "stock" and xmile.line is not None


def test_the_shipped_model_and_the_ring_have_every_variable_with_its_line():
    for file in (read(), read(ROOT / "benchmarks" / "models" / "ring.mdl"), read(MODELS / "regions.mdl")):
        graph = causal_graph(file)
        assert set(graph.variables) == set(file.names)
        text = file.path.read_text("utf-8").splitlines()
        for variable in graph.variables.values():
            assert variable.line is not None
            assert text[variable.line - 1].lower().startswith(variable.name.lower())
        named = {cause for cause, _ in graph.links} | {effect for _, effect in graph.links}
        assert named <= set(graph.variables)
