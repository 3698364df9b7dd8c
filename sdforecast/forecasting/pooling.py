"""Runs of several structures as one set of draws: a mixture, in which each structure has its share.

A structure that has no policies borrows what they do. Let D(s) be deaths of a host's draw under scenario s and D(0)
those of the same draw under the current course; its own deaths d become d D(s) / D(0). All else in such a draw (supply,
price, what is counted beside) is its host's, so that it stays one whole trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from sdforecast.forecasting.applying import OF_THE_MODEL


def hosts_of(count: int, hosts: int) -> np.ndarray:
    """Return for each of `count` borrowing draws the position of its host among `hosts`, evenly spread."""
    return (np.arange(count) * hosts) // count


def borrowed(
    hosts: xr.Dataset, own: xr.Dataset, flow: str, sums: Sequence[str], actual: int, place: np.ndarray
) -> xr.Dataset:
    """Return draws of a structure without policies, each completed by its host.

    Parameters
    ----------
    hosts : runs (draw, scenario, time) of structures that have policies, discrepancies in them.
    own : its own `flow` (draw, time), and beside it what the model alone gives, if hosts have that.
    sums : variables that contain the flow; they change by as many.
    actual : position of the scenario under which the flow is as the structure has it.
    place : of each draw's host.
    """
    made = hosts.isel(draw=place).assign_coords(draw=np.arange(len(place)))
    found = dict(made.data_vars)
    for name in (flow, f"{flow}{OF_THE_MODEL}"):
        if name not in made or name not in own:
            continue
        theirs = made[name].transpose("draw", "scenario", "time")
        factor = theirs.to_numpy() / theirs.isel(scenario=slice(actual, actual + 1)).to_numpy()
        values = own[name].transpose("draw", "time").to_numpy()[:, None, :] * factor
        found[name] = theirs.copy(data=values)
    more = found[flow] - made[flow]
    for name in sums:
        if name in made and name != flow:
            found[name] = (made[name] + more).transpose(*made[name].dims).assign_attrs(made[name].attrs)
    return xr.Dataset(found, coords=made.coords, attrs=made.attrs)


def together(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the draws of all parts, one after the other, numbered anew; they have the same variables."""
    if len(parts) == 1:
        return parts[0]
    made = xr.concat(parts, "draw", data_vars="all", coords="minimal", compat="override", join="exact",
                     combine_attrs="override")  # fmt: skip
    return made.assign_coords(draw=np.arange(made.sizes["draw"]))
