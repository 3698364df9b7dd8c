"""Screening and Sobol' indices against functions whose values are known."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.policy import screening, sobol


def linear(shares: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
    return np.column_stack([shares @ [5.0, 0.0, -2.0, 0.5], shares[:, 1] * 3 + 100 * trajectory])


def test_the_effects_of_a_linear_function_are_its_coefficients() -> None:
    found = screening.screen(linear, ["a", "b", "c", "d"], ["first", "second"], trajectories=6)
    moved = 2 / 3 * 0.95
    first = found[found["outcome"] == "first"].set_index("name")
    assert first.index.tolist() == ["a", "c", "d", "b"]
    assert first.loc[["a", "b", "c", "d"], "mu_star"].tolist() == pytest.approx([5 * moved, 0, 2 * moved, 0.5 * moved])
    assert first.loc["c", "mu"] == pytest.approx(-2 * moved)
    assert first["sigma"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert screening.strongest(found, "second", 1) == ["b"]  # what differs between trajectories is no effect
    assert screening.agreement(found, "first", 2) == 1


def test_an_interaction_shows_as_spread() -> None:
    found = screening.screen(lambda s, _: (s[:, :1] - 0.5) * (s[:, 1:2] - 0.5), ["a", "b"], ["y"], trajectories=40)
    assert (found["sigma"] > abs(found["mu"])).all()
    assert (found["error"] > 0).all()


def ishigami(shares: np.ndarray) -> np.ndarray:
    x, y, z = (2 * np.pi * shares - np.pi).T
    return np.column_stack([np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)])


FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)
"""Ishigami and Homma 1990, a = 7, b = 0.1."""


def test_indices_of_ishigami() -> None:
    groups = {"z": [2], "x": [0], "y": [1]}  # not in the order of the columns
    found = sobol.indices(ishigami, groups, ["y"], points=2048)
    whole = found[found["points"] == 2048].set_index("group").loc[["x", "y", "z"]]
    for name, exact in (("first", FIRST), ("total", TOTAL)):
        off = np.abs(whole[name] - exact)
        assert (off < 2 * whole[f"{name}_error"]).all()
        assert (off < 0.03).all()
    assert sobol.settled(found, "y") < 0.05
    wider = found[found["points"] == 512].set_index("group")["total_error"]
    assert (wider > whole["total_error"]).all()


def test_a_group_takes_its_interactions_along() -> None:
    found = sobol.indices(ishigami, {"x and z": [0, 2], "y": [1]}, ["y"], points=1024)
    whole = found[found["points"] == 1024].set_index("group")
    assert whole.loc["x and z", "first"] == pytest.approx(1 - FIRST[1], abs=0.04)
    assert whole.loc["x and z", "total"] == pytest.approx(1 - FIRST[1], abs=0.04)


def test_an_outcome_that_never_moves_has_no_indices() -> None:
    found = sobol.indices(lambda s: np.full((len(s), 1), 4.0), {"a": [0], "b": [1]}, ["y"], points=64)
    assert (found[["first", "total"]] == 0).all(axis=None)


@pytest.mark.parametrize(("points", "groups"), [(100, {"a": [0]}), (32, {"a": [0]}), (64, {"a": [0], "b": [0, 1]})])
def test_designs_that_cannot_be(points: int, groups: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match="power of two|exactly one"):
        sobol.indices(ishigami, groups, ["y"], points=points)
