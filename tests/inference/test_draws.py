"""Trees that are not of the layout, and a machine without ArviZ, are told in one line."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import xarray as xr

from sdforecast.errors import InputError, MachineError
from sdforecast.inference.diagnostics import diagnose
from tests.inference.posteriors import LABELS, tree

VALUES = np.random.default_rng(1).standard_normal((4, 100, len(LABELS)))


def changed(group: str, data: xr.Dataset | None) -> xr.DataTree:
    """A good tree with one group replaced or left out."""
    groups = {name: node.to_dataset() for name, node in tree(VALUES).children.items()}
    groups.pop(group)
    return xr.DataTree.from_dict(groups if data is None else groups | {group: data})


def test_a_tree_of_another_layout_is_refused() -> None:
    own = tree(VALUES)["unconstrained"].to_dataset()
    posterior = tree(VALUES)["posterior"].to_dataset()
    words = xr.Dataset({"position": (("chain", "draw", "coordinate"), np.full((4, 100, 1), "a"))})
    for group, data, message in (
        ("unconstrained", None, "no group '/unconstrained'"),
        ("posterior", None, "no group '/posterior'"),
        ("unconstrained", own.isel(draw=0, drop=True), "no dimension 'draw'"),
        ("unconstrained", own.drop_vars("coordinate"), "no coordinate 'coordinate'"),
        ("unconstrained", own.rename(position="place"), "no array 'position'"),
        ("unconstrained", words.assign_coords(coordinate=["a"]), "not made of numbers"),
        ("posterior", posterior.expand_dims(twice=2), "more than one dimension"),
    ):
        with pytest.raises(InputError, match=message):
            diagnose(changed(group, data))
    with pytest.raises(InputError, match="'rate' stands twice"):
        diagnose(tree(VALUES, labels=("rate", "rate", "share", "delay")))
    with pytest.raises(InputError, match="nothing to judge"):
        diagnose(tree(VALUES[:, :0]))


def test_without_arviz_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(MachineError, match=r'pip install "sdforecast\[calibrate\]"'):
        diagnose(tree(VALUES))
