"""Time constants against those that a model states, and steps against them."""

import pytest

from sdforecast.engine.once import once
from sdforecast.structure import causal_graph
from sdforecast.structure.steps import Pace, paces, too_slow
from tests.structure.writing import model


def constants(tmp_path, text, **settings):
    file = model(tmp_path, text, **settings)
    return {(pace.variable, pace.what): pace.constant for pace in paces(file, causal_graph(file), once(file))}


def test_stocks_with_the_decay_in_their_own_equation_or_in_a_flow(tmp_path):
    text = """
own = INTEG(3 - own / 2.5, 1) ~~ |
named = INTEG(3 - outflow, 1) ~~ |
outflow = named / life ~~ |
life = 4 ~~ |
both = INTEG(-drain - both / 6, 100) ~~ |
drain = both / 3 ~~ |
grows = INTEG(grows * 0.1, 1) ~~ |
filled = INTEG(3, 0) ~~ |
"""
    found = constants(tmp_path, text)
    assert found == {
        ("both", "stock"): pytest.approx(2, rel=1e-5),
        ("own", "stock"): pytest.approx(2.5, rel=1e-5),
        ("named", "stock"): pytest.approx(4, rel=1e-5),
    }
    assert list(found.values()) == sorted(found.values())


def test_the_shortest_along_the_run_counts(tmp_path):
    text = "fish = INTEG(fish * (1 - fish / 10) / 2, 1) ~~ |\n"
    # d rate / d fish = (1 - fish / 5) / 2, steepest at the end where fish is 10: -1/2
    assert constants(tmp_path, text, final=60)["fish", "stock"] == pytest.approx(2, rel=1e-4)


def test_what_follows_at_once_counts_and_what_follows_later_does_not(tmp_path):
    text = """
level = INTEG(-leak, 10) ~~ |
leak = level * opening ~~ |
opening = 0.02 * level + 0.001 * slow + 0.001 * other ~~ |
slow = SMOOTH(level, 50) ~~ |
other = INTEG(level / 100, 0) ~~ |
"""
    # d leak / d level = 0.04 level + 0.001 slow + 0.001 other, steepest at the start, level and slow 10
    assert constants(tmp_path, text)["level", "stock"] == pytest.approx(1 / (0.4 + 0.01), rel=1e-4)


def test_delays_and_smooths_by_order(tmp_path):
    text = """
x = 1 + Time ~~ |
t = 6 ~~ |
a = SMOOTH(x, t) ~~ |
b = SMOOTH3(x, t) ~~ |
c = 2 + DELAY1(x, t / 2) ~~ |
d = DELAY3(x, 12) ~~ |
e = SMOOTH N(x, t, 1, 2) ~~ |
f = SMOOTH(x, MAX(1, 5 - Time)) ~~ |
"""
    assert constants(tmp_path, text) == {
        ("a", "smooth"): 6, ("b", "smooth"): 2, ("c", "delay"): 3, ("d", "delay"): 4, ("e", "smooth"): 3,
        ("f", "smooth"): 1,
    }  # fmt: skip


def test_over_subscripts_the_fastest_of_first_and_last_counts(tmp_path):
    text = """
Region: North, South ~~|
life[North] = 8 ~~ |
life[South] = 2 ~~ |
level[Region] = INTEG(-level[Region] / life[Region], 10) ~~ |
"""
    assert constants(tmp_path, text) == {("level", "stock"): pytest.approx(2, rel=1e-5)}


@pytest.mark.parametrize(
    ("step", "verdict"), [(0.9, ""), (1, ""), (1.01, "warning"), (2, "warning"), (2.01, "error"), (9, "error")]
)
def test_a_quarter_is_safe_and_a_half_the_most(step, verdict):
    assert too_slow(Pace("x", "stock", 4.0, 0.0), step) == verdict
