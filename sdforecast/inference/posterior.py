"""The posterior as an object: draws of the constants, paths of what varies over time, and how they were found.

The draws stand in an `xarray.DataTree` with ArviZ's groups; :mod:`.posterior_layout` says what is in which group, and
:mod:`.posterior_files` keeps it on disk. Here is what the rest of the project asks of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference.posterior_layout import SAMPLED, WARMUP, discrepancy_names, latent_names


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior of a model's constants and disturbances, the mode, and how both were found.

    Attributes
    ----------
    tree : the draws, thinned, in ArviZ's groups; see :mod:`.posterior_layout`.
    residuals : observations with `model`, the posterior median of the model's value, and `residual`.
    fit : one row a target, as :func:`sdforecast.observation.fit_table` gives.
    learned : one row a parameter: what the data taught, and what they could not.
    diagnostics : how well the chains agree.
    starts : where each search for the mode ended.
    manifest : how it was made, the fingerprints of what it was made from, and `fit`, the figures of
        :func:`sdforecast.observation.measured_fit`.
    """

    tree: xr.DataTree
    residuals: pd.DataFrame
    fit: pd.DataFrame
    learned: pd.DataFrame
    diagnostics: pd.DataFrame
    starts: pd.DataFrame
    manifest: dict[str, Any]

    def __len__(self) -> int:
        """Return how many draws there are, of all chains together."""
        sizes = self.tree["posterior"].sizes
        return int(sizes["chain"] * sizes["draw"])

    @property
    def _draws(self) -> xr.Dataset:
        return self.tree["posterior"].to_dataset()

    @property
    def draws(self) -> pd.DataFrame:
        """The constants: one row a draw (index `draw`, chain after chain), one column a constant, in its unit."""
        constants = _flat(self._draws["constants"])
        names = pd.Index([str(name) for name in constants["parameter"].to_numpy()])
        return pd.DataFrame(constants.to_numpy().astype(float), columns=names).rename_axis(index="draw")

    @property
    def best(self) -> pd.DataFrame:
        """The constants at the mode: parameter, value, kind."""
        mode = self.tree["mode"]
        return pd.DataFrame(
            {
                "parameter": [str(name) for name in mode["parameter"].to_numpy()],
                "value": mode["constants"].to_numpy().astype(float),
                "kind": [str(kind) for kind in mode["kind"].to_numpy()],
            }
        )

    @property
    def observed(self) -> pd.DataFrame:
        """What the posterior was conditioned on: one row an observation, with its target, start and end."""
        data = self.tree["observed_data"]
        return pd.DataFrame({name: data[name].to_numpy() for name in ("target", "start", "end", "observed")})

    @property
    def latents(self) -> list[str]:
        """Names of the latent series, which are variables of the model."""
        return latent_names(self._draws)

    @property
    def discrepancies(self) -> list[str]:
        """Names of the discrepancies between model and observations."""
        return discrepancy_names(self._draws)

    def latent(self, name: str) -> xr.DataArray:
        """Return a latent series (draw, knot) over model time. Raises `InputError` with the nearest name."""
        return _flat(self._draws[_known(name, self.latents, "latent series")])

    def discrepancy(self, name: str) -> xr.Dataset:
        """Return a discrepancy: the paths `discrepancy`, the fast part, and `drift`, the slow one, as (draw, month).

        Beside them stands whatever else the posterior has of it for each draw, `sd`, `half-life` and `walk`. The
        paths are logarithms: model time in months, the sum of both added to the log of what the model gives.
        Raises `InputError` with the nearest name.
        """
        _known(name, self.discrepancies, "discrepancy")
        longer = [f"{other} " for other in self.discrepancies if other.startswith(f"{name} ")]
        draws = self._draws
        own = [str(key) for key in draws if str(key).startswith(f"{name} ") and not str(key).startswith(tuple(longer))]
        return xr.Dataset({key.removeprefix(f"{name} "): _flat(draws[key]) for key in own})

    def thin(self, draws: int) -> Posterior:
        """Return the posterior with `draws` of its draws, evenly spaced: the same ones every time.

        Each chain keeps its part where `draws` is a multiple of the chains; otherwise the chains are taken one after
        the other and what is kept makes a single one. Statistics of the warm-up are left out. Raises `InputError`
        where there are not so many draws.
        """
        there = len(self)
        if not 1 <= draws <= there:
            raise InputError(Problem(f"{draws} draws asked for", hint=f"the posterior has 1 to {there}"))
        if draws == there:
            return self
        groups = {
            name: _thinned(group.to_dataset(), draws) if name in SAMPLED else group.to_dataset()
            for name, group in self.tree.children.items()
            if name != WARMUP
        }
        return replace(self, tree=xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()}))


def _known(name: str, choices: list[str], what: str) -> str:
    if name not in choices:
        hint = nearest(name, choices) if choices else "it has none"
        raise InputError(Problem(f"the posterior has no {what} '{name}'", hint=hint))
    return name


def _flat(array: xr.DataArray) -> xr.DataArray:
    """Return an array over (chain, draw, …) as one over (draw, …), chain after chain."""
    rest = array.dims[2:]
    ordered = array.transpose("chain", "draw", *rest)
    kept = {dim: array.coords[dim] for dim in rest if dim in array.coords}
    values = ordered.to_numpy().reshape(-1, *ordered.shape[2:])
    return xr.DataArray(values, {"draw": np.arange(len(values)), **kept}, ("draw", *rest))


def _thinned(group: xr.Dataset, draws: int) -> xr.Dataset:
    chains, length = group.sizes["chain"], group.sizes["draw"]
    if draws % chains == 0:
        kept = group.isel(draw=_evenly(length, draws // chains))
    else:
        chain, row = np.divmod(_evenly(chains * length, draws), length)
        chosen = group.isel(chain=xr.DataArray(chain, dims="draw"), draw=xr.DataArray(row, dims="draw"))
        kept = chosen.drop_vars(["chain", "draw"], errors="ignore").expand_dims(chain=1)
    order = {
        name: ("chain", "draw", *(d for d in array.dims if d not in ("chain", "draw"))) for name, array in kept.items()
    }
    kept = kept.assign({name: kept[name].transpose(*dims) for name, dims in order.items()})
    return kept.assign_coords(chain=np.arange(kept.sizes["chain"]), draw=np.arange(kept.sizes["draw"]))


def _evenly(length: int, kept: int) -> np.ndarray:
    """Return `kept` of the rows 0 … length - 1, each from the middle of an equal part."""
    middles: np.ndarray = (2 * np.arange(kept) + 1) * length // (2 * kept)
    return middles
