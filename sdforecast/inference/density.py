"""From the tables to a PyMC model: priors, what the model gives, errors, likelihood. Read it from top to bottom.

Every free variable is standard normal a priori: positions of constants in their priors, innovations of a latent series,
positions of standard deviations and half-lives. The sampler's space is therefore the whole of R^n, and a posterior
standard deviation of 1 means that the data taught nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import ndtr

from sdforecast.inference.covariance import Rows, SharedErrors, months_and_days
from sdforecast.inference.normal import NormalErrors
from sdforecast.inference.operator import ModelOp
from sdforecast.inference.study import Study
from sdforecast.observation.errors import Discrepancy, Latent
from sdforecast.observation.predicting import whole
from sdforecast.parameters import Parameter

HALF_LIFE_SPREAD = 0.5
"""Standard deviation of the logarithm of a target's `memory`."""


def density(study: Study) -> pm.Model:
    """Return the joint density of everything that is inferred and everything that was observed."""
    with pm.Model(coords=_coordinates(study)) as model:
        constants = _constants(study.parameters, pm.Normal("position", dims="parameter"))
        knots = [_series(latent, len(study.knots[latent.variable])) for latent in study.latents]
        values = ModelOp(study.predictor)(pt.concatenate([constants, *knots]))
        pm.Deterministic("constants", constants, dims="parameter")
        expected = _on_scale(study, values) + _offsets(study)
        sd = _positive("error sd", [(t.sd, t.sd_spread) for t in study.targets], dims="target")
        rows, data = Rows(study), {name: pm.Data(name, value) for name, value in data_of(study).items()}
        _independent(study, rows, data, expected, sd)
        _counts(rows, data, values, sd)
        for discrepancy in study.discrepancies:
            _shared(rows, data, discrepancy, expected, sd)
    return model


def data_of(study: Study) -> dict[str, np.ndarray]:
    """Return what of the density comes from observed values: other values need no new compilation."""
    rows = Rows(study)
    found = {"data": study.observed, "data: own": study.observed[rows.own]}
    if len(rows.counted):
        found["data: counts"] = np.rint(study.observations["observed"].to_numpy(float)[rows.counted]).astype(int)
    return found | {f"data: counting noise of {name}": of.counting for name, of in rows.shared.items()}


def _coordinates(study: Study) -> dict[str, Sequence[Any]]:
    return {
        "parameter": [p.name for p in study.parameters],
        "target": [t.name for t in study.targets],
        "offset_target": [t.name for t in study.targets if t.offset > 0],
        "memory_target": [t.name for t in study.targets if t.memory > 0],
    }


# --- priors --------------------------------------------------------------------------------------------


def _constants(parameters: Sequence[Parameter], position: Any) -> Any:
    """Return values of constants from standard normal positions: normal or log-normal priors, cut at their bounds.

    The cut keeps the prior exact: a position is taken to its quantile of the cut normal distribution.
    """
    bounds = np.array([p.bounds for p in parameters]).reshape(-1, 2)
    low, high = ndtr(bounds[:, 0]), ndtr(bounds[:, 1])
    share = low + (high - low) * pt.erfc(-position / np.sqrt(2)) / 2
    cut = -np.sqrt(2) * pt.erfcinv(2 * share)
    centre, spread = np.array([p.value for p in parameters]), np.array([p.spread for p in parameters])
    logarithmic = np.array([p.distribution == "lognormal" for p in parameters])
    return pt.where(logarithmic, centre * pt.exp(pt.where(logarithmic, cut * spread, 0.0)), centre + cut * spread)


def _positive(name: str, priors: Sequence[tuple[float, float]], **kwargs: Any) -> Any:
    """Return positive numbers with log-normal priors, from standard normal positions `<name>: position`."""
    medians, spreads = np.array(priors).reshape(-1, 2).T
    if "dims" not in kwargs:
        medians, spreads = medians[0], spreads[0]
    return pm.Deterministic(name, medians * pt.exp(spreads * pm.Normal(f"{name}: position", **kwargs)), **kwargs)


def _series(latent: Latent, count: int) -> Any:
    """Return the knots of a latent series: an AR(1) process that starts from its stationary distribution."""
    sd = _positive(f"{latent.name} sd", [latent.sd])
    half_life = _positive(f"{latent.name} half-life", [latent.half_life])
    kept = 0.5 ** (latent.every / half_life)
    innovation = pm.Normal(f"{latent.name} innovation", shape=count)
    k = np.arange(count)
    power = np.maximum(k[:, None] - k[None, :], 0)  # how many knots an innovation has decayed over
    size = pt.set_subtensor((pt.sqrt(1 - kept**2) * pt.ones(count))[0], 1.0)
    weight = pt.where(k[:, None] >= k[None, :], kept**power, 0.0) * size[None, :]
    return pm.Deterministic(latent.variable, sd * (weight @ innovation))


# --- what is expected ----------------------------------------------------------------------------------


def _on_scale(study: Study, values: Any) -> Any:
    """Return expected values on the scale of the errors: logarithm, log-odds, or as they are."""
    scale, share = study.observations["scale"].to_numpy(), values / whole(study.observations)
    logarithm = pt.log(pt.where(scale == "log", share, 1.0))
    odds = pt.where(scale == "logit", share, 0.5)
    found = pt.where(scale == "log", logarithm, pt.where(scale == "logit", pt.log(odds / (1 - odds)), values))
    return found + months_and_days(study)


def _offsets(study: Study) -> Any:
    """Return the constant difference of series that broke."""
    broken = [t for t in study.targets if t.offset > 0]
    if not broken:
        return 0.0
    offset = pm.Deterministic(
        "offset", np.array([t.offset for t in broken]) * pm.Normal("offset: position", dims="offset_target"),
        dims="offset_target",
    )  # fmt: skip
    place = {t.name: k for k, t in enumerate(broken)}
    row = study.observations["target"].map(place)
    return pt.where(row.notna().to_numpy(), offset[row.fillna(0).astype(int).to_numpy()], 0.0)


# --- likelihood ----------------------------------------------------------------------------------------


def _independent(study: Study, rows: Rows, data: Mapping[str, Any], expected: Any, sd: Any) -> None:
    """Errors of their own: independent, or correlated with the one before as `memory` says (an AR(1) in time)."""
    if not len(rows.own):
        return
    kept: Any = 0.0
    remembering = [t for t in study.targets if t.memory > 0]
    if remembering:
        half_life = _positive("memory", [(t.memory, HALF_LIFE_SPREAD) for t in remembering], dims="memory_target")
        kept = pt.where(rows.gap > 0, 0.5 ** (rows.gap / half_life[rows.memory]), 0.0)
    before = data["data"][rows.before] - expected[rows.before]
    pm.Normal(
        "own errors",
        mu=expected[rows.own] + kept * before,
        sigma=sd[rows.target[rows.own]] * pt.sqrt(1 - kept**2),
        observed=data["data: own"],
    )


def _counts(rows: Rows, data: Mapping[str, Any], values: Any, sd: Any) -> None:
    """Counts without a discrepancy: negative binomial around the model's flow."""
    if len(rows.counted):
        pm.NegativeBinomial(
            "counts",
            mu=values[rows.counted],
            alpha=1 / sd[rows.target[rows.counted]] ** 2,
            observed=data["data: counts"],
        )


def _shared(rows: Rows, data: Mapping[str, Any], discrepancy: Discrepancy, expected: Any, sd: Any) -> None:
    """Counts with a discrepancy, which is integrated out: logarithms are jointly normal.

    The variance of a logarithm is that of a negative binomial count, 1/count + sd^2; what months share is a fast part
    (AR(1)), a drift (random walk) and a season. Paths are drawn afterwards, given each draw (:mod:`.discrepancies`).
    """
    name, of = discrepancy.name, rows.shared[discrepancy.name]
    scales = [
        _positive(f"{name} innovation", [discrepancy.innovation]),
        _positive(f"{name} half-life", [discrepancy.half_life]),
        _positive(f"{name} walk", [discrepancy.walk]),
    ]
    errors = data["data"][of.rows] - expected[of.rows]
    noise = data[f"data: counting noise of {name}"] + sd[rows.target[of.rows]] ** 2
    inputs = pt.concatenate([pt.stack(scales), errors, noise])
    pm.Potential(f"{name} errors", NormalErrors(SharedErrors(of, discrepancy.season))(inputs)[0])
