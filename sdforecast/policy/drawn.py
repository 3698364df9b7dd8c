"""The draws under which scenarios are compared: rows of a posterior, assumptions in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference import Posterior
from sdforecast.inference.posterior_layout import SAMPLED, WARMUP
from sdforecast.model import ModelFile


def drawn(
    posterior: Posterior,
    draws: int | None,
    assumptions: pd.DataFrame | None,
    told: Callable[[str], None] = lambda line: None,
    usual: int = 300,
) -> Posterior:
    """Return as many draws of a posterior as are compared.

    Parameters
    ----------
    draws : how many (default: a row of `assumptions` each, else `usual`, or all where there are fewer).
    assumptions : one row a draw, if there are any.

    Where more are asked for than there are, rows are taken again, in turn; each then has a future of its own, but no
    constants of its own beside the assumptions, and a sentence says so.
    """
    count = draws if draws is not None else len(assumptions) if assumptions is not None else min(usual, len(posterior))
    if assumptions is not None and len(assumptions) != count:
        what = f"{len(assumptions)} rows of assumptions for {count} draws"
        raise InputError(Problem(what, hint="one row a draw"))
    if count <= len(posterior):
        return posterior.thin(count)
    told(f"the posterior has {len(posterior):,} draws: each stands for {count / len(posterior):.3g} of {count:,}")
    return again(posterior, np.arange(count) % len(posterior))


def again(posterior: Posterior, rows: np.ndarray) -> Posterior:
    """Return a posterior whose draws are these rows, each as often as it is named."""
    groups = {}
    for name, group in posterior.tree.children.items():
        if name == WARMUP:
            continue
        found = group.to_dataset()
        groups[f"/{name}"] = _rows(found, rows) if name in SAMPLED else found
    return replace(posterior, tree=xr.DataTree.from_dict(groups))


def _rows(group: xr.Dataset, rows: np.ndarray) -> xr.Dataset:
    chain, row = np.divmod(rows, group.sizes["draw"])
    chosen = group.isel(chain=xr.DataArray(chain, dims="draw"), draw=xr.DataArray(row, dims="draw"))
    one = chosen.drop_vars(["chain", "draw"], errors="ignore").expand_dims(chain=1)
    order = {
        str(name): ("chain", "draw", *(d for d in array.dims if d not in ("chain", "draw")))
        for name, array in one.data_vars.items()
        if {"chain", "draw"} <= set(array.dims)
    }
    one = one.assign({name: one[name].transpose(*dims) for name, dims in order.items()})
    return one.assign_coords(chain=np.arange(1), draw=np.arange(len(rows)))


def constants(
    posterior: Posterior, assumptions: pd.DataFrame | None, model: ModelFile, beside: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the constants of the model and those beside it, one row a draw, with assumptions in place of both.

    Parameters
    ----------
    beside : columns of what is not in the model, unit costs and lives; assumptions may name them, too.

    Raises `InputError` for an assumption that neither has, or one that is not finite.
    """
    within, outside = posterior.draws.reset_index(drop=True), beside.reset_index(drop=True)
    if assumptions is None:
        return within, outside
    known = model.variables.loc[model.variables["kind"] == "constant", "name"].tolist()
    spelled = {name.casefold(): name for name in known}
    for word in assumptions.columns:
        values = assumptions[word].to_numpy(float)
        if not np.isfinite(values).all():
            raise InputError(Problem(f"assumptions of '{word}' that are not finite"))
        if word in outside:
            outside[word] = values
        elif (name := spelled.get(str(word).replace("_", " ").casefold())) is not None:
            within = within.drop(columns=name, errors="ignore").assign(**{name: values})
        else:
            raise InputError(Problem(f"no constant '{word}' in the model", hint=nearest(str(word), known)))
    return within, outside
