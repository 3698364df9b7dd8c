"""Labels for the numbers of a run: which columns make up a variable, and its dimensions, unit and comment."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sdforecast.engine.compiled.program import Program, keyed
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile


@dataclass(frozen=True)
class Layout:
    """How one variable is laid out.

    Attributes
    ----------
    name : as the modeller wrote it.
    dims, coords : its dimensions and the subscripts along each; empty for a scalar.
    keys : of all its cells, in the order of the coordinates; those that no equation defines are not in a program.
    """

    name: str
    dims: tuple[str, ...]
    coords: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...]


def layouts(program: Program, names: Sequence[str]) -> list[Layout]:
    """Return the layout of each variable by name. Raises `InputError` for a table, which is no number over time."""
    there = {output.name for output in program.outputs}
    shapes = {shape.name: shape for shape in program.shapes}
    found = []
    for name in names:
        if name not in there:
            raise InputError(Problem(f"'{name}' is no number over time"))
        shape = shapes.get(name)
        dims, coords = (shape.dims, shape.coords) if shape else ((), ())
        keys = tuple(keyed(name, cell) for cell in itertools.product(*coords))
        found.append(Layout(name, dims, coords, keys))
    return found


def columns(program: Program, chosen: Sequence[Layout]) -> list[str]:
    """Return the keys that a program computes of the chosen variables, in order."""
    there = {output.key for output in program.outputs}
    return [key for layout in chosen for key in layout.keys if key in there]


def dataset(
    model: ModelFile,
    chosen: Sequence[Layout],
    keys: Sequence[str],
    values: np.ndarray,
    dims: Sequence[str],
    coords: Mapping[str, object],
) -> xr.Dataset:
    """Lay out `values` [*dims, keys] as variables over `dims` and their own dimensions, with unit and comment."""
    place = {key: k for k, key in enumerate(keys)}
    facts = model.variables.set_index("name")
    variables = {}
    for layout in chosen:
        parts = [values[..., place[key]] if key in place else np.full(values.shape[:-1], np.nan) for key in layout.keys]
        array = parts[0] if not layout.dims else np.stack(parts, axis=-1)
        shape = (*values.shape[:-1], *(len(names) for names in layout.coords))
        attributes = {
            "unit": str(facts.loc[layout.name, "unit"]) if layout.name in facts.index else "",
            "comment": str(facts.loc[layout.name, "comment"]) if layout.name in facts.index else "",
        }
        variables[layout.name] = ((*dims, *layout.dims), array.reshape(shape), attributes)
    subscripts = {dim: list(names) for layout in chosen for dim, names in zip(layout.dims, layout.coords, strict=True)}
    return xr.Dataset(variables, coords={**subscripts, **coords})
