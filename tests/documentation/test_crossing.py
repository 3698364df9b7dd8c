"""What crosses between sectors, and which stocks only count: on a model small enough to see, and on the shipped one."""

from sdforecast.documentation.crossing import follows, into, is_counter, out_of
from sdforecast.model import read
from sdforecast.structure import causal_graph

STARS = "*" * 56
GROUP = STARS + "\n\t.{}\n" + STARS + "~\n\tWhat.\n\t|\n"
TEXT = {
    "Supply": ["price = 2 / stock in hand", "stock in hand = INTEG(made - sold, 3)", "made = price"],
    "Demand": [
        "taste = 0.5",
        "sold = taste * stock in hand",
        "habit = INTEG((sold - habit) / taste, 0)",
        "eaten = INTEG(sold, 0)",
        "spent = INTEG(sold * price, 0)",
    ],
}


def graph_of(folder):
    text = "{UTF-8}\n"
    for group, lines in TEXT.items():
        text += GROUP.format(group) + "".join(f"\n{line}\n\t~\tDmnl\n\t~\tWhat.\n\t|\n" for line in lines)
    text += GROUP.format("Control")
    for name, value in (("INITIAL TIME", 0), ("FINAL TIME", 9), ("TIME STEP", 1), ("SAVEPER", 1)):
        text += f"\n{name} = {value}\n\t~\tMonth\n\t~\tWhat.\n\t|\n"
    file = folder / "two.mdl"
    file.write_text(text, "utf-8")
    return causal_graph(read(file))


def test_two_sectors(tmp_path):
    graph = graph_of(tmp_path)
    assert into(graph, "Demand") == {"Supply": ["price", "stock in hand"]}
    assert into(graph, "Supply") == {"Demand": ["sold"]}
    assert out_of(graph, "Demand") == {"Supply": ["sold"]}
    assert follows(graph, graph.variables["habit"]) == ["sold"]
    assert follows(graph, graph.variables["spent"]) == ["sold", "price"]
    counters = [name for name, each in graph.variables.items() if is_counter(graph, each)]
    assert counters == ["eaten"]


def test_what_goes_out_of_one_sector_comes_into_another(subject):
    graph = subject.graph
    out = {(a, b, name) for a in graph.sectors for b, names in out_of(graph, a).items() for name in names}
    come = {(a, b, name) for b in graph.sectors for a, names in into(graph, b).items() for name in names}
    assert out == come
    assert out


def test_every_counted_flow_of_a_target_has_a_counter(subject):
    counters = {each.name for each in subject.graph.of_kind("stock") if is_counter(subject.graph, each)}
    for target in subject.targets:
        if target.kind == "flow":
            assert f"cumulative {target.variable}" in counters
