"""Signs of links against what can be known by hand, and against PySD's own runs."""

import numpy as np
import pytest

from sdforecast.engine.once import once
from sdforecast.model import read
from sdforecast.structure import causal_graph, polarities
from sdforecast.structure.polarity import product, sign_of
from tests.small import ROOT, small
from tests.structure.writing import model

BY_HAND = [
    ("y = x + k", {"x": "+", "k": "+"}),
    ("y = k - x", {"x": "-", "k": "+"}),
    ("y = x * k", {"x": "+", "k": "+"}),
    ("y = k / x", {"x": "-", "k": "+"}),
    ("y = EXP(-x) * k", {"x": "-", "k": "+"}),
    ("y = LN(x) - k * x", {"x": "±", "k": "-"}),  # 1/x - k turns at x = 1/k, which x passes
    ("y = (x - 3) ^ 2 + k", {"x": "±", "k": "+"}),
    ("y = MIN(x, 1000) - MAX(k, -1)", {"x": "+", "k": "-"}),
    ("y = IF THEN ELSE(x > 3, k, 0)", {"x": "+", "k": "+"}),  # a derivative would see nothing of x
    ("y = IF THEN ELSE(x > 3, -k, 5)", {"x": "-", "k": "-"}),
    ("y = WITH LOOKUP(x, ((0,5),(2,3),(9,1))) * k", {"x": "-", "k": "+"}),
    ("y = WITH LOOKUP(x, ((0,1),(3,3),(9,1)))", {"x": "±"}),
    ("y = falling(x) + k", {"x": "-", "k": "+"}),
    ("y = SMOOTH3(x, k)", {"x": "+", "k": "?"}),
    ("y = k - DELAY1(2 * x, 3)", {"x": "-", "k": "+"}),
    ("y = x * 0 + k", {"x": "?", "k": "+"}),
    ("y = TANH(x - 3) * (k - 0.5)", {"x": "-", "k": "±"}),  # k stays below 0.5
    ("y = x - 5 * INITIAL(x) * k", {"x": "+", "k": "-"}),  # the start of x does not move with x
    ("y = ACTIVE INITIAL(x + k, -9 * x)", {"x": "+", "k": "+"}),
    ("y = ZIDZ(k, x)", {"x": "-", "k": "+"}),
    ("y = INTEG(k - y / x, 1)", {"x": "+", "k": "+", "y": "-"}),
]


@pytest.mark.parametrize(("equation", "signs"), BY_HAND)
def test_signs_known_by_hand(tmp_path, equation, signs):
    text = f"{equation} ~~ |\nx = 1 + Time / 2 ~~ |\nk = 0.4 ~~ |\nfalling((0,5),(9,1)) ~~ |\n"
    links = polarities(model(tmp_path, text))
    assert {cause: sign_of(links, cause, "y") for cause in signs} == signs


FORMS = [
    "a * b - c", "(a - c) / b", "a ^ b / c", "EXP(-a / b) + c", "MAX(a, b) - MIN(b, c)", "LN(a + b) * SQRT(c)",
    "IF THEN ELSE(a > b, c, b)", "a * (1 - a / c) * b", "XIDZ(a, b, c) / c", "MODULO(a, 100) / (b + c)",
    "SIN(a) + b * c", "ARCTAN(a - b) / c", "(a + b) ^ (-c)", "INTEGER(a) * b + c",
]  # fmt: skip
VALUES = {"a": 1.3, "b": 0.7, "c": 2.1}


def test_signs_agree_with_differences_of_whole_runs_by_pysd(tmp_path):
    text = "".join(f"y{k} = {form} ~~ |\n" for k, form in enumerate(FORMS))
    file = model(tmp_path, text + "".join(f"{name} = {value} ~~ |\n" for name, value in VALUES.items()), final=0.25)
    links = polarities(file)
    compared = 0
    for name, value in VALUES.items():
        runs = [once(file, {name: x}, engine="pysd") for x in np.linspace(0.5 * value, 1.5 * value, 9)]
        for k in range(len(FORMS)):
            change = np.diff([float(run[f"y{k}"].values[0]) for run in runs])
            up, down = bool((change > 1e-12).any()), bool((change < -1e-12).any())
            if up or down:
                compared += 1
                assert sign_of(links, name, f"y{k}") == ("±" if up and down else "+" if up else "-")
    assert compared > 30


def test_every_link_of_the_epidemic_by_hand():
    assert polarities(small("sir.mdl")) == {
        ("infection", "Susceptible"): "-", ("infection", "Infectious"): "+", ("recovery", "Infectious"): "-",
        ("recovery", "Recovered"): "+", ("contact rate", "infection"): "+", ("Susceptible", "infection"): "+",
        ("Infectious", "infection"): "+", ("total", "infection"): "-", ("Infectious", "recovery"): "+",
        ("duration", "recovery"): "-",
    }  # fmt: skip


def test_subscripts_count_together(tmp_path):
    text = """
Region: North, South ~~|
weight[North] = 2 ~~ |
weight[South] = -2 ~~ |
level[Region] = 1 + Time ~~ |
both = SUM(weight[Region!] * level[Region!]) ~~ |
one[Region] = weight[North] * level[Region] ~~ |
"""
    links = polarities(model(tmp_path, text))
    assert links["level", "both"] == "±", "up in the North, down in the South"
    assert links["level", "one"] == "+"


def test_large_models_have_a_sign_for_every_link_that_the_engine_knows():
    for file in (read(), read(ROOT / "benchmarks" / "models" / "ring-named.mdl")):
        links, graph = polarities(file), causal_graph(file)
        numbers = {link for link in graph.links if graph.variables[link[0]].kind != "lookup"}
        assert set(links) <= numbers
        missing = numbers - set(links)
        assert all(graph.variables[effect].memories for _, effect in missing), "only times of delays have none"
    assert sign_of(links, "nothing", "nowhere") == "?"


def test_signs_of_a_chain():
    assert product(["+", "-", "-"]) == "+"
    assert product(["-"]) == "-"
    assert product(["-", "±"]) == "±"
    assert product(["±", "?"]) == "?"
