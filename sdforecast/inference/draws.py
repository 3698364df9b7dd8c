"""The groups of a tree of draws, checked on reading, and the library that judges them.

The tree has ArviZ's groups: /posterior and /unconstrained (chain, draw, …), /sample_stats, /log_likelihood,
/posterior_predictive, /prior_predictive, /observed_data. Whoever made it, a file may hold anything: what is asked of it
here is there, has the dimensions it must have, or is told.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType

import numpy as np
import xarray as xr

from sdforecast.errors import InputError, MachineError, Problem, nearest

SAMPLE = ("chain", "draw")


def arviz() -> ModuleType:
    """Return ArviZ, of the generation of 0.23 or of 1.x. Raises `MachineError` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # 0.23 announces 1.0 on each import
            return import_module("arviz")
    except ImportError as error:
        hint = 'pip install "sdforecast[calibrate]"'
        raise MachineError(Problem("judging a posterior needs ArviZ, which is not installed", hint=hint)) from error


def group(tree: xr.DataTree, name: str) -> xr.Dataset:
    """Return a group of a tree as a dataset of its own. Raises `InputError` where it is missing or empty."""
    found = tree.children.get(name)
    if found is None or not found.data_vars:
        there = sorted(tree.children)
        hint = nearest(name, there) if there else "the tree has no groups"
        raise InputError(Problem(f"the posterior has no group '/{name}'", hint=hint))
    return found.to_dataset()


def sampled(tree: xr.DataTree, name: str) -> xr.Dataset:
    """Return a group with its draws in front, dimensions (chain, draw, …). Raises `InputError`."""
    found = group(tree, name)
    for variable in found.data_vars.values():
        missing = [dim for dim in SAMPLE if dim not in variable.dims]
        if missing:
            raise InputError(Problem(f"'{variable.name}' in group '/{name}' has no dimension '{missing[0]}'"))
        if not np.issubdtype(variable.dtype, np.number) and variable.dtype != bool:
            raise InputError(Problem(f"'{variable.name}' in group '/{name}' is not made of numbers"))
    return found.transpose(*SAMPLE, ...)


def labelled(array: xr.DataArray, dim: str, where: str) -> list[str]:
    """Return the labels along a dimension. Raises `InputError` where there are none or one comes twice."""
    if dim not in array.dims or dim not in array.coords:
        raise InputError(Problem(f"'{array.name}' in group '/{where}' has no coordinate '{dim}'"))
    labels = [str(label) for label in array[dim].values]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise InputError(Problem(f"'{twice[0]}' stands twice among the labels of '/{where}'"))
    return labels


def positions(tree: xr.DataTree) -> tuple[np.ndarray, list[str]]:
    """Return the sampler's own numbers, shape (chain, draw, coordinate), and their labels. Raises `InputError`."""
    found = sampled(tree, "unconstrained")
    if "position" not in found:
        raise InputError(Problem("group '/unconstrained' has no array 'position'"))
    position = found["position"].transpose(*SAMPLE, ...)
    return position.to_numpy().astype(float), labelled(position, "coordinate", "unconstrained")


def scalars(tree: xr.DataTree) -> dict[str, np.ndarray]:
    """Return every scalar of /posterior, shape (chain, draw), but for the monthly paths, which are drawn from the rest.

    Constants go by their own names, elements of other arrays by array and label: "error sd: powder purity".
    """
    found: dict[str, np.ndarray] = {}
    for name, array in sampled(tree, "posterior").data_vars.items():
        dims = array.dims[2:]
        if "month" in dims:
            continue
        if len(dims) > 1:
            raise InputError(Problem(f"'{name}' in group '/posterior' has more than one dimension beside its draws"))
        values = array.to_numpy().astype(float)
        if not dims:
            found[str(name)] = values
            continue
        for k, label in enumerate(labelled(array, str(dims[0]), "posterior")):
            found[label if dims[0] == "parameter" else f"{name}: {label}"] = values[:, :, k]
    return found
