"""The verdict on what a real sampler leaves behind: textbook posteriors that NUTS fails on, and one it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sdforecast.inference.diagnostics import Diagnosis, diagnose
from tests.inference.posteriors import tree

pytestmark = pytest.mark.slow


def sampled(build: Callable[[Any, Any], list[str]], draws: int = 1000, tune: int = 500) -> Diagnosis:
    pm = pytest.importorskip("pymc")
    nutpie = pytest.importorskip("nutpie")
    with pm.Model() as model:
        labels = build(pm, pm.math)
    compiled = nutpie.compile_pymc_model(model, backend="numba")
    found = nutpie.sample(compiled, draws=draws, tune=tune, chains=4, cores=2, seed=3, progress_bar=False)
    position = np.stack([found.posterior[name].values for name in labels], axis=-1)
    names = {"diverging": "diverging", "energy": "energy", "lp": "logp", "tree_depth": "depth"}
    stats = {ours: found.sample_stats[theirs].values for ours, theirs in names.items()}
    return diagnose(tree(position, labels, stats))


def test_a_centred_hierarchy_is_a_funnel() -> None:
    """Neal 2003, Annals of Statistics 31(3), 705-767, section 8."""

    def build(pm: Any, math: Any) -> list[str]:
        scale = pm.Normal("log sd")
        for k in range(9):
            pm.Normal(f"x{k}", 0, math.exp(1.5 * scale))
        return ["log sd", *(f"x{k}" for k in range(9))]

    fault = sampled(build).faults[0]
    assert (fault.parameter, fault.cause) == ("log sd", "funnel")


def test_the_same_hierarchy_not_centred_is_fit_to_publish() -> None:
    def build(pm: Any, math: Any) -> list[str]:
        scale = pm.Normal("log sd")
        for k in range(9):
            pm.Deterministic(f"y{k}", pm.Normal(f"x{k}") * math.exp(1.5 * scale))
        return ["log sd", *(f"x{k}" for k in range(9))]

    assert sampled(build).publishable


def test_a_sum_known_to_the_fourth_digit_is_a_ridge() -> None:
    def build(pm: Any, math: Any) -> list[str]:
        first, second = pm.Normal("a"), pm.Normal("b")
        pm.Normal("y", first + second, 0.0005, observed=0.5)
        return ["a", "b"]

    fault = sampled(build, draws=500, tune=100).faults[0]
    assert fault.cause == "unidentified"
    assert {fault.parameter, *fault.partners} == {"a", "b"}


def test_a_square_has_two_roots() -> None:
    def build(pm: Any, math: Any) -> list[str]:
        root = pm.Normal("a")
        pm.Normal("b")
        pm.Normal("y", root**2, 0.1, observed=1.0)
        return ["a", "b"]

    assert [(fault.parameter, fault.cause) for fault in sampled(build).faults] == [("a", "several modes")]
