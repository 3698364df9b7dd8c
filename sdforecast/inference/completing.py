"""From positions to a posterior: what each draw says of constants, paths, observations and the likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.leave_one_out import smoothed
from sdforecast.inference.likelihood import Likelihood
from sdforecast.inference.positions import values_at
from sdforecast.inference.predictor import Predictor
from sdforecast.inference.study import Study
from sdforecast.inference.studying import Setting

Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]

WITH_PRIOR = 1000
"""Draws of the prior predictive check."""


@dataclass(frozen=True)
class Complete:
    """A tree of all that draws say; and what it took to carry them over to the file's own time step.

    Attributes
    ----------
    tree : the kept draws, in ArviZ's groups.
    values : the model's value of each observation, run as its file says [draws, observations].
    pareto_k, effective : of the importance weights from the way of fitting to the file's way; None where they agree.
    """

    tree: xr.DataTree
    values: np.ndarray
    pareto_k: float | None
    effective: float | None


class Completing:
    """Turns positions into a tree."""

    def __init__(self, setting: Setting, density: LogDensity) -> None:
        self.setting, self.study, self.density = setting, setting.study, density
        self.likelihood = Likelihood(setting.study)

    def complete(self, tree: xr.DataTree, mode: np.ndarray, kept: int, rng: np.random.Generator) -> Complete:
        """Return the tree of `kept` of the draws in `tree`, which has /unconstrained and /sample_stats."""
        position = tree["unconstrained"]["position"].to_numpy().astype(float)
        chains, draws, size = position.shape
        rows, pareto_k, effective = self._carried_over(position, min(kept // chains, draws), rng)
        chosen = np.take_along_axis(position, rows[:, :, None], axis=1).reshape(-1, size)
        derived = self.density.derived(chosen)
        values = self._exact.many(self.points(derived))
        groups = {
            "posterior": self._posterior(derived, values, rng),
            "unconstrained": self._dataset({"position": (("coordinate",), chosen)}).assign_coords(
                coordinate=self.density.labels
            ),
            **self._predictive(derived, values, rng),
        }
        shaped = {
            name: _in_chains(group, chains) if name != "observed_data" else group for name, group in groups.items()
        }
        shaped["sample_stats"] = _taken(tree["sample_stats"].to_dataset(), rows)
        shaped["prior_predictive"] = self._prior_predictive(rng)
        shaped["mode"] = self._mode(mode)
        made = xr.DataTree.from_dict({f"/{name}": group for name, group in shaped.items()})
        return Complete(made, values, pareto_k, effective)

    def light(self, tree: xr.DataTree) -> xr.DataTree:
        """Return all draws with their constants and scalars, for judging chains."""
        position = tree["unconstrained"]["position"].to_numpy().astype(float)
        derived = self.density.derived(position.reshape(-1, position.shape[-1]))
        scalars = {name: ((), values) for name, values in derived.items() if values.ndim == 1}
        constants: Variables = {"constants": (("parameter",), derived["constants"]), **scalars}
        group = _in_chains(self._dataset(constants), len(position))
        group = group.assign_coords(parameter=[p.name for p in self.study.parameters])
        made = {f"/{name}": part.to_dataset() for name, part in tree.children.items()}
        return xr.DataTree.from_dict({**made, "/posterior": group})

    def points(self, derived: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return what goes into the predictor [draws, size]."""
        return np.hstack([derived["constants"], *[derived[latent.variable] for latent in self.study.latents]])

    @property
    def _exact(self) -> Predictor:
        return self.setting.predictor(self.study.observations)

    def _carried_over(
        self, position: np.ndarray, each: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, float | None, float | None]:
        """Return which draws of each chain are kept [chains, each], and the quality of their weights.

        Fitted with a step of its own, the model differs a little from its file. Draws are weighted by the ratio of the
        two likelihoods (Pareto-smoothed) and taken in proportion, evenly along each chain.
        """
        chains, draws, size = position.shape
        fitting = self.study.evidence.fitting
        if not fitting.integration and fitting.time_step is None:
            return np.stack([_systematic(np.full(draws, 1 / draws), each, 0.5)] * chains), None, None
        flat = position.reshape(-1, size)
        derived = self.density.derived(flat)
        points = self.points(derived)
        exact, fitted = self._exact.many(points), self.study.predictor.many(points)
        ratio = self.likelihood.total(exact, derived) - self.likelihood.total(fitted, derived)
        weights, k = smoothed(ratio[None, :], 1.0)
        share = np.exp(np.ravel(weights) - np.max(weights)).reshape(chains, draws)
        effective = float(share.sum() ** 2 / (share**2).sum() / share.size)
        rows = np.stack([_systematic(one / one.sum(), each, float(rng.random())) for one in share])
        return rows, float(np.ravel(k)[0]), effective

    def _dataset(self, variables: Variables) -> xr.Dataset:
        return xr.Dataset({name: (("sample", *dims), values) for name, (dims, values) in variables.items()})

    def _posterior(self, derived: Mapping[str, np.ndarray], values: np.ndarray, rng: np.random.Generator) -> xr.Dataset:
        study, draws = self.study, len(values)
        later = values_at(study.later, rng.standard_normal((draws, len(study.later))))
        found: Variables = {"constants": (("parameter",), np.hstack([derived["constants"], later]))}
        coords: dict[str, object] = {
            "parameter": [p.name for p in (*study.parameters, *study.later)],
            "target": [t.name for t in study.targets],
        }
        named = {"error sd": "target", "offset": "offset_target", "memory": "memory_target"}
        for name, values_ in derived.items():
            if name == "constants":
                continue
            if name in study.knots:
                found[name], coords["knot"] = (("knot",), values_), study.knots[name]
            else:
                found[name] = ((named[name],) if name in named else (), values_)
        coords["offset_target"] = [t.name for t in study.targets if t.offset > 0]
        coords["memory_target"] = [t.name for t in study.targets if t.memory > 0]
        for discrepancy in study.discrepancies:
            path = self.likelihood.paths(discrepancy, values, derived, rng)
            found[f"{discrepancy.name} discrepancy"] = (("month",), path.fast)
            found[f"{discrepancy.name} drift"] = (("month",), path.drift)
            found[f"{discrepancy.name} season"] = (("harmonic",), path.season)
            coords |= {"month": path.months, "harmonic": np.arange(path.season.shape[1])}
        used = {dim for dims, _ in found.values() for dim in dims}
        return self._dataset(found).assign_coords({name: value for name, value in coords.items() if name in used})

    def _predictive(
        self, derived: Mapping[str, np.ndarray], values: np.ndarray, rng: np.random.Generator
    ) -> dict[str, xr.Dataset]:
        terms = self.likelihood.terms(values, derived)
        drawn = self.likelihood.left_out(terms, values, derived, rng)
        return {
            "log_likelihood": self._dataset({"observed": (("observation",), terms.left_out)}),
            "posterior_predictive": self._dataset({"observed": (("observation",), drawn)}),
            "observed_data": _observed(self.study),
        }

    def _prior_predictive(self, rng: np.random.Generator) -> xr.Dataset:
        positions = rng.standard_normal((WITH_PRIOR, self.density.size))
        derived = self.density.derived(positions)
        values = self._exact.many(self.points(derived))
        fine = np.isfinite(values).all(axis=1)
        drawn = self.likelihood.replicated(values[fine], {k: v[fine] for k, v in derived.items()}, rng)
        return xr.Dataset({"observed": (("chain", "draw", "observation"), drawn[None])})

    def _mode(self, mode: np.ndarray) -> xr.Dataset:
        study, derived = self.study, self.density.derived(mode[None])
        every = [*study.parameters, *study.later]
        constants = np.concatenate([derived["constants"][0], [p.value for p in study.later]])
        found: dict[str, tuple[str, np.ndarray | list[str]]] = {
            "constants": ("parameter", constants),
            "kind": ("parameter", [p.kind for p in every]),
            "position": ("coordinate", mode),
        }
        coords: dict[str, object] = {"parameter": [p.name for p in every], "coordinate": self.density.labels}
        for latent in study.latents:
            found[latent.variable] = ("knot", derived[latent.variable][0])
            coords["knot"] = study.knots[latent.variable]
        return xr.Dataset(found, coords)


def _observed(study: Study) -> xr.Dataset:
    table = study.observations
    coords = {
        "target": ("observation", table["target"].astype(str).to_list()),
        "start": ("observation", table["start"].to_numpy("datetime64[ns]")),
        "end": ("observation", table["end"].to_numpy("datetime64[ns]")),
    }
    return xr.Dataset({"observed": ("observation", table["observed"].to_numpy(float))}, coords)


def _in_chains(group: xr.Dataset, chains: int) -> xr.Dataset:
    """Return a group over `sample` as one over (chain, draw)."""
    coords = {name: group.coords[name] for name in group.coords if name != "sample"}
    found = {
        name: (("chain", "draw", *array.dims[1:]), array.to_numpy().reshape(chains, -1, *array.shape[1:]))
        for name, array in group.data_vars.items()
    }
    return xr.Dataset(found, coords)


def _taken(group: xr.Dataset, rows: np.ndarray) -> xr.Dataset:
    found = {
        name: (("chain", "draw"), np.take_along_axis(array.to_numpy(), rows, axis=1))
        for name, array in group.data_vars.items()
        if array.dims == ("chain", "draw")
    }
    return xr.Dataset(found, attrs=group.attrs)


def _systematic(shares: np.ndarray, count: int, start: float) -> np.ndarray:
    """Return `count` rows in proportion to `shares`, evenly along them."""
    marks = (np.arange(count) + start) / count
    return np.minimum(np.searchsorted(np.cumsum(shares), marks), len(shares) - 1)
