"""What a posterior's tree holds, group by group, and what is wrong with one that does not.

/posterior            over (chain, draw): `constants` (…, parameter), values in each parameter's unit; each latent
                      series (…, knot) under the name of the model's variable; for a discrepancy NAME its paths
                      `NAME discrepancy` and `NAME drift` (…, month), and `NAME sd`, `NAME half-life`, `NAME walk`;
                      `error sd` (…, target); `offset` (…, offset_target). Knots and months are model time.
/unconstrained        `position` (chain, draw, coordinate): the sampler's own numbers, standard normal a priori
/sample_stats         over (chain, draw), with ArviZ's names; /warmup_sample_stats likewise, of the draws before
/log_likelihood, /posterior_predictive, /prior_predictive   `observed` (chain, draw, observation)
/observed_data        `observed` (observation), with target, start and end
/mode                 `constants` and `kind` (parameter), the latent series (knot), `position` (coordinate)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from sdforecast.errors import InputError, Problem, nearest

NEEDED = ("posterior", "observed_data", "mode")
SAMPLED = ("posterior", "unconstrained", "sample_stats", "log_likelihood", "posterior_predictive")
"""Groups with the same chains and draws."""

WARMUP = "warmup_sample_stats"
_OF_THEIR_OWN = ("prior", "prior_predictive", "log_prior", WARMUP)  # have other draws than the posterior
GROUPS = (*dict.fromkeys((*NEEDED, *SAMPLED, *_OF_THEIR_OWN, "constant_data")),)

LONGEST_NAME = 300
"""Characters of a name beyond which it is refused."""

_TEXT = ("parameter", "coordinate", "target", "offset_target", "memory_target", "kind")
_LABELS = ("parameter", "coordinate")
_TIMES = ("knot", "month")


def latent_names(draws: xr.Dataset) -> list[str]:
    """Return the names of the latent series in `/posterior`."""
    return [str(name) for name, array in draws.items() if "knot" in array.dims]


def discrepancy_names(draws: xr.Dataset) -> list[str]:
    """Return the names of the discrepancies in `/posterior`."""
    end = " discrepancy"
    return [str(name).removesuffix(end) for name, a in draws.items() if str(name).endswith(end) and "month" in a.dims]


def check(tree: xr.DataTree, file: str | None = None) -> None:
    """Raise `InputError` with all that is wrong with the tree of a posterior."""
    problems = [Problem(what, file=file, hint=hint) for what, hint in _faults(tree)]
    if problems:
        raise InputError(*problems)


_Fault = tuple[str, str | None]


def _faults(tree: xr.DataTree) -> Iterator[_Fault]:
    there = {str(name): group for name, group in tree.children.items()}
    missing = [name for name in NEEDED if name not in there]
    if missing:
        yield f"is not a posterior: group /{missing[0]} is missing", None
        return
    for name, group in there.items():
        if name not in GROUPS:
            yield f"unknown group /{name[:40]}", nearest(name[:40], GROUPS)
        elif group.children:
            yield f"/{name} has groups within it", None
    if tree.data_vars:
        yield "has variables outside of its groups", None
    known = {name: group.to_dataset() for name, group in there.items() if name in GROUPS}
    for name, data in known.items():
        yield from _values(name, data)
    yield from _shapes(known)


def _values(name: str, group: xr.Dataset) -> Iterator[_Fault]:
    """Yield what is wrong with names, times and numbers of one group."""
    for key, array in group.variables.items():
        place = f"/{name}: '{str(key)[:80]}'"
        if array.size == 0:
            yield f"{place} is empty", None
        elif key in _TEXT:
            yield from _texts(place, array.to_numpy(), once=key in _LABELS)
        elif array.dtype.kind not in "fiubM":
            yield f"{place} holds no numbers", None
        elif array.dtype.kind == "M":
            if np.isnat(array.to_numpy()).any():
                yield f"{place} has a day missing", None
        elif name not in ("sample_stats", WARMUP) and not np.isfinite(array.to_numpy()).all():
            yield f"{place} holds values that are not finite", None
        elif key in _TIMES and (np.diff(array.to_numpy().astype(float)) <= 0).any():
            yield f"{place} does not increase", None


def _texts(place: str, values: np.ndarray, *, once: bool) -> Iterator[_Fault]:
    words = list(values.ravel())
    if not all(isinstance(word, str) for word in words):
        yield f"{place} holds names that are not text", None
    elif not all(word.isprintable() and word.strip() and len(word) <= LONGEST_NAME for word in words):
        yield f"{place} holds a name that is empty, too long or not printable", None
    elif once and len(set(words)) < len(words):
        twice = next(word for k, word in enumerate(words) if word in words[:k])
        yield f"{place} has '{twice}' twice", None


_AXES = {
    ("posterior", "constants"): ("chain", "draw", "parameter"),
    ("unconstrained", "position"): ("chain", "draw", "coordinate"),
    ("observed_data", "observed"): ("observation",),
    **{
        (group, "observed"): ("chain", "draw", "observation")
        for group in ("log_likelihood", "posterior_predictive", "prior_predictive")
    },
    ("mode", "constants"): ("parameter",),
    ("mode", "kind"): ("parameter",),
}
_INDICES = {"posterior": ("parameter",), "unconstrained": ("coordinate",), "mode": ("parameter",)}


def _shapes(groups: dict[str, xr.Dataset]) -> Iterator[_Fault]:
    """Yield what is wrong with the axes of the groups, and where two of them differ."""
    faults = [*_axes(groups), *_coordinates(groups)]
    yield from faults
    if not faults:
        yield from _agreement(groups)


def _axes(groups: dict[str, xr.Dataset]) -> Iterator[_Fault]:
    for (name, key), dims in _AXES.items():
        if name in groups and key not in groups[name]:
            yield f"/{name} has no '{key}'", None
        elif name in groups and groups[name][key].dims != dims:
            yield f"/{name}: '{key}' is over {_listed(groups[name][key].dims)}, not {_listed(dims)}", None
    for name in (*SAMPLED, *_OF_THEIR_OWN):
        for variable, array in groups.get(name, xr.Dataset()).data_vars.items():
            if array.dims[:2] != ("chain", "draw"):
                yield f"/{name}: '{str(variable)[:80]}' is not over chain and draw", None


def _coordinates(groups: dict[str, xr.Dataset]) -> Iterator[_Fault]:
    for name, group in groups.items():
        for key in (*_INDICES.get(name, ()), *(dim for dim in _TIMES if dim in group.dims)):
            if key not in group.coords:
                yield f"/{name} has no coordinate '{key}'", None
    for key in ("target", "start", "end"):
        if key not in groups["observed_data"] or groups["observed_data"][key].dims != ("observation",):
            yield f"/observed_data has no '{key}' for each observation", None


def _agreement(groups: dict[str, xr.Dataset]) -> Iterator[_Fault]:
    """Yield where groups differ that have to be alike."""
    draws = groups["posterior"]
    for name in SAMPLED[1:]:
        yield from _unlike(name, groups, "posterior", ("chain", "draw"))
    for name in ("log_likelihood", "posterior_predictive", "prior_predictive"):
        yield from _unlike(name, groups, "observed_data", ("observation",))
    yield from _mode(groups["mode"], draws, groups.get("unconstrained"))
    for name in discrepancy_names(draws):
        drift = f"{name} drift"
        if drift not in draws or draws[drift].dims != ("chain", "draw", "month"):
            yield f"/posterior has no '{drift}' for each month", None


def _unlike(name: str, groups: dict[str, xr.Dataset], other: str, dims: Iterable[str]) -> Iterator[_Fault]:
    for dim in dims:
        there, wanted = groups.get(name, groups[other]).sizes.get(dim, 0), groups[other].sizes[dim]
        if there != wanted:
            yield f"/{name} has {there} along {dim}, /{other} has {wanted}", None


def _mode(mode: xr.Dataset, draws: xr.Dataset, unconstrained: xr.Dataset | None) -> Iterator[_Fault]:
    if not _same(draws, mode, "parameter"):
        yield "/mode and /posterior have different parameters", None
    if unconstrained is not None and "position" in mode and not _same(unconstrained, mode, "coordinate"):
        yield "/mode and /unconstrained have different coordinates", None
    for name in latent_names(draws):
        if name not in mode or mode[name].dims != ("knot",) or not _same(draws, mode, "knot"):
            yield f"/mode has no value of '{name}' at each knot", None


def _same(one: xr.Dataset, other: xr.Dataset, key: str) -> bool:
    there = key in one.coords and key in other.coords
    return there and bool(np.array_equal(one[key].to_numpy(), other[key].to_numpy()))


def _listed(dims: Iterable[object]) -> str:
    return f"({', '.join(str(dim)[:40] for dim in dims)})"
