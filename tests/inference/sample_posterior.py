"""A posterior of random numbers in the layout of a real one, of any size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.inference.posterior import Posterior

DISCREPANCY = "log death rate"
LATENT = "latent supply shock"


def sample(chains: int = 4, draws: int = 5, parameters: int = 3, knots: int = 4, months: int = 6) -> Posterior:
    """Return a posterior of so many random draws."""
    rng = np.random.default_rng(7)
    names = [f"constant number {k} of the model" for k in range(parameters)]
    labels = [*names, *(f"{LATENT} {k}" for k in range(knots)), "error sd: deaths"]
    observations = 2 * months
    axes = {"chain": np.arange(chains), "draw": np.arange(draws)}

    def drawn(*shape: int) -> np.ndarray:
        return rng.standard_normal((chains, draws, *shape))

    def over(*dims: str) -> tuple[str, ...]:
        return ("chain", "draw", *dims)

    mode = rng.standard_normal(len(labels))
    groups = {
        "/posterior": xr.Dataset(
            {
                "constants": (over("parameter"), np.exp(drawn(parameters))),
                LATENT: (over("knot"), drawn(knots)),
                f"{DISCREPANCY} discrepancy": (over("month"), drawn(months)),
                f"{DISCREPANCY} drift": (over("month"), drawn(months)),
                f"{DISCREPANCY} sd": (over(), np.exp(drawn())),
                f"{DISCREPANCY} half-life": (over(), np.exp(drawn())),
                "error sd": (over("target"), np.exp(drawn(1))),
            },
            {
                **axes,
                "parameter": names,
                "knot": np.arange(knots) * 6.0,
                "month": np.arange(months),
                "target": ["deaths"],
            },
        ),
        "/unconstrained": xr.Dataset(
            {"position": (over("coordinate"), drawn(len(labels)))}, {**axes, "coordinate": labels}
        ),
        "/sample_stats": xr.Dataset({"lp": (over(), drawn()), "diverging": (over(), drawn() > 9)}, axes),
        "/log_likelihood": xr.Dataset({"observed": (over("observation"), drawn(observations))}, axes),
        "/posterior_predictive": xr.Dataset({"observed": (over("observation"), np.exp(drawn(observations)))}, axes),
        "/observed_data": xr.Dataset(
            {"observed": ("observation", np.exp(rng.standard_normal(observations)))},
            {
                "target": ("observation", ["deaths"] * observations),
                "start": ("observation", pd.date_range("2014-02-01", periods=observations, freq="MS")),
                "end": ("observation", pd.date_range("2014-02-28", periods=observations, freq="ME")),
            },
        ),
        "/mode": xr.Dataset(
            {
                "constants": ("parameter", mode[:parameters]),
                "kind": ("parameter", ["estimated", "assumption", *["literature"] * (parameters - 2)]),
                LATENT: ("knot", mode[parameters:-1]),
                "position": ("coordinate", mode),
            },
            {"parameter": names, "knot": np.arange(knots) * 6.0, "coordinate": labels},
        ),
    }
    tree = xr.DataTree.from_dict(groups)
    return Posterior(tree, **_tables(tree, names), manifest=dict(MANIFEST))


MANIFEST = {
    "command": "sdforecast calibrate", "sdforecast": "0.1.0", "created": "2026-11-27T14:01:46Z", "seed": 1,
    "model_sha256": "a", "parameters_sha256": "b", "targets_sha256": "c", "history_sha256": "d",
    "fingerprints": {"model": "a", "parameters": "b", "targets": "c", "history": "d"},
    "data_vintage": "2026-08", "last_observed": "2025-04-30", "fit": {"annual_mape": 4.0},
}  # fmt: skip


def _tables(tree: xr.DataTree, names: list[str]) -> dict[str, pd.DataFrame]:
    data = tree["observed_data"]
    residuals = pd.DataFrame({name: data[name].to_numpy() for name in ("target", "start", "end", "observed")})
    residuals = residuals.assign(
        title="Deaths, monthly", variable="deaths", kind="flow", unit="deaths", fitted=True, model=2.5, residual=-0.25
    )
    fit = {
        "target": ["deaths"], "title": ["Deaths, monthly"], "fitted": [True], "n": [len(residuals)], "mape": [5.5],
        "bias": [-1.25], "worst_factor": [1.5], "worst_when": ["2014-02 to 2014-02"], "beyond_two": [0],
    }  # fmt: skip
    return {
        "residuals": residuals,
        "fit": pd.DataFrame(fit),
        "learned": pd.DataFrame({"parameter": names, "shrinkage": 0.5}),
        "diagnostics": pd.DataFrame({"name": names, "r_hat": 1.001}),
        "starts": pd.DataFrame({"start": [1, 2], "log_density": [-10.5, -11.5]}),
    }
