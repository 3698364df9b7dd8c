"""Running the draws of a posterior under scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.engine.members import Draws, run_members
from sdforecast.forecasting.running import dataset, outputs
from sdforecast.model import ModelFile
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series


def run_draws(
    model: ModelFile,
    draws: pd.DataFrame,
    latents: Sequence[xr.DataArray],
    scenarios: Sequence[Scenario],
    variables: Sequence[str] | None = None,
    *,
    last: int,
    fixed: Mapping[str, float] | None = None,
    entering: Mapping[str, pd.Series] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> xr.Dataset:
    """Run every draw under every scenario from month 0.

    Parameters
    ----------
    draws : one row a draw, one column a constant. What a scenario sets counts before a draw of the same constant.
    latents : by variable a series (draw, knot) of each draw, linear between its knots.
    variables : what to keep (default: every stock and auxiliary).
    last : last month of model time.
    fixed : constants that all runs share.
    entering : series that stand for inputs of the model, instruments among them, whatever a scenario says.
    threads : how many; all cores by default.
    advance : called after each run.

    Returns
    -------
    Dataset with dimensions (draw, scenario, time); see :class:`sdforecast.forecasting.Forecast`.
    """
    wanted = outputs(model, variables)
    columns = list(dict.fromkeys(wanted.values()))
    over_time = {str(each.name): (each["knot"].to_numpy(), each.to_numpy()) for each in latents}
    values = np.empty((len(scenarios), len(draws), last + 2, len(columns)))

    def ended(count: int) -> None:
        for _ in range(count):
            advance()

    for k, scenario in enumerate(scenarios):
        own = constants(scenario, model)
        drawn = draws.assign(**{name: value for name, value in own.items() if name in draws})
        shared = {**(fixed or {}), **{name: value for name, value in own.items() if name not in draws}}
        given = Draws(tuple(drawn.columns), np.ascontiguousarray(drawn.to_numpy(float)), over_time)
        run_members(
            model, columns, given, fixed=shared, series={**series(scenario, model), **(entering or {})},
            until=last + 1.0, engine=engine, threads=threads, out=values[k], advance=ended,
        )  # fmt: skip
    names = [scenario.name for scenario in scenarios]
    return dataset(model, np.moveaxis(values, 0, 1), wanted, columns, names, 0, last)
