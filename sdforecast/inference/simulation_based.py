"""Simulation-based calibration: does the machinery find what it is given?

Numbers are drawn from the prior, data are made from them by the model and its errors, and the posterior of these data
is sampled. Over many such replications the rank of the true number among the draws of its posterior is uniform, if the
density, its gradient and the sampler are right (Talts, Betancourt, Simpson, Vehtari and Gelman 2018, arXiv:1804.06788).
Beside the numbers the log likelihood is ranked, which sees faults that no single number shows (Modrák et al. 2023,
Bayesian Analysis, doi 10.1214/23-BA1404).

Data may be refused (they are not finite, or absurd) and drawn again, since ranks stay uniform whatever data are chosen;
numbers may not be refused for themselves. Each replication is a small file, so that a run that was ended goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sdforecast.errors import InputError, Problem
from sdforecast.inference.chains import sample
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.density import data_of
from sdforecast.inference.density import density as density_of
from sdforecast.inference.likelihood import Likelihood
from sdforecast.inference.mode import laplace, search
from sdforecast.inference.study import Study
from sdforecast.inference.together import Together
from sdforecast.writing import write_text

ABSURD = 1000.0
"""Data are drawn again if one lies further from what was really observed than this factor (in odds, for shares)."""

TRIES = 200
"""Draws of the prior after which it is given up: hardly any gives data."""

LIKELIHOOD = "log likelihood"


@dataclass(frozen=True)
class Effort:
    """How each replication is fitted.

    Attributes
    ----------
    tune : warm-up of each chain.
    starts : searches for the mode, the first from the prior centre.
    deepest : doublings of a trajectory at most.
    ranked : draws that a rank is taken among, spread evenly over the chains; ranks go from 0 to this.
    """

    chains: int = 4
    draws: int = 100
    tune: int = 100
    starts: int = 1
    deepest: int = 4
    ranked: int = 99


@dataclass(frozen=True)
class Replication:
    """What one replication says.

    Attributes
    ----------
    ranks : of each quantity, from 0 to `of`.
    truth : value of each quantity.
    refused : draws of the prior before this one whose data were not finite, or absurd.
    divergences : of the sampler, after its warm-up.
    rhat : the largest of the numbers, by the variance of the chains' means (Gelman and Rubin 1992): it is high for
        chains as short as these, and tells those that are stuck.
    steps : evaluations of the density after the warm-up.
    seconds : that it took.
    """

    number: int
    of: int
    ranks: Mapping[str, int]
    truth: Mapping[str, float]
    refused: int
    divergences: int
    rhat: float
    steps: int
    seconds: float


@dataclass(frozen=True)
class Simulated:
    """Data of numbers drawn from the prior: `position` [numbers] and a study of those data."""

    position: np.ndarray
    study: Study
    refused: int


def simulate(study: Study, density: LogDensity, rng: np.random.Generator) -> Simulated:
    """Return numbers from the prior and data made from them.

    Raises
    ------
    InputError : hardly any draw of the prior gives data that are finite and not absurd.
    """
    really = study.observed
    reach = np.where(study.observations["scale"] == "identity", np.inf, np.log(ABSURD))
    for refused in range(TRIES):
        position, seed = rng.standard_normal(density.size), int(rng.integers(2**63))
        made = data_from(study, density, position, seed)
        if made is None:
            continue
        data = made.observed
        counts = ~np.isfinite(really) | (made.observations["likelihood"] == "negative-binomial").to_numpy()
        if (np.isfinite(data) | counts).all() and (counts | (np.abs(data - really) <= reach)).all():
            return Simulated(position, made, refused)
    what = (
        f"none of {TRIES} draws of the prior gives data that are finite and within a factor of {ABSURD:g} of the real"
    )
    raise InputError(Problem(what, hint="narrow the priors, or look at runs of the model from them"))


def data_from(study: Study, density: LogDensity, position: np.ndarray, seed: int) -> Study | None:
    """Return the study with data made from a position; None where the model gives none.

    Made twice from the same random numbers: the counting noise of a logarithm is one over the count, which the first
    time is the one really observed, the second time that of the data themselves.
    """
    derived = density.derived(position[None])
    values = study.predictor.many(points(study, derived))
    if not np.isfinite(values).all():
        return None
    made = study
    for _ in range(2):
        with np.errstate(all="ignore"):
            data = Likelihood(made).replicated(values, derived, np.random.default_rng(seed))[0]
        if not np.isfinite(data).all() or (data[_logarithmic(study)] <= 0).any():
            return None
        made = with_data(study, data)
    return made


def _logarithmic(study: Study) -> np.ndarray:
    """Return which observations are logarithms: those of log scale, but not counts without a discrepancy."""
    found = (study.observations["scale"] != "identity").to_numpy()
    found[Likelihood(study).rows.counted] = False
    return found


def with_data(study: Study, data: np.ndarray) -> Study:
    """Return the study with other observed values [observations], in their units."""
    return replace(study, observations=study.observations.assign(observed=data))


def points(study: Study, derived: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what goes into the predictor [draws, numbers]."""
    return np.hstack([derived["constants"], *[derived[latent.variable] for latent in study.latents]])


def replicate(study: Study, density: LogDensity, number: int, seed: int, effort: Effort) -> Replication:
    """Return one replication: the same for the same `number` and `seed`.

    `density` is that of `study`; it holds the data made here afterwards, so that nothing is compiled again.
    """
    begun, rng = time.monotonic(), np.random.default_rng([seed, number])
    simulated = simulate(study, density, rng)
    put(density, simulated.study)
    function = density.value_and_gradient
    found = search(function, density.size, effort.starts, rng)
    together = Together(density.many, effort.chains)
    around = laplace(together, found[0].position, callers=effort.chains)
    tree = sample(
        lambda: together, density.labels, around.mode, around.root, chains=effort.chains, draws=effort.draws,
        tune=effort.tune, seed=int(rng.integers(2**31)), cores=effort.chains,
        max_treedepth=effort.deepest, low_rank=False,
    )  # fmt: skip
    position = tree["unconstrained"]["position"].to_numpy()
    spread = np.var(position.mean(axis=1), axis=0, ddof=1) / np.mean(np.var(position, axis=1, ddof=1), axis=0)
    position, lp = position.reshape(-1, density.size), tree["sample_stats"]["lp"].to_numpy().ravel()
    rows = np.linspace(0, len(position) - 1, effort.ranked).round().astype(int)
    drawn = _quantities(density, position[rows], lp[rows])
    truth = _quantities(density, simulated.position[None], np.array([function(simulated.position)[0]]))
    return Replication(
        number=number, of=len(rows),
        ranks={name: int((values < truth[name][0]).sum()) for name, values in drawn.items()},
        truth={name: float(f"{values[0]:.6g}") for name, values in truth.items()},
        refused=simulated.refused, divergences=int(tree["sample_stats"]["diverging"].sum()),
        rhat=round(float(np.sqrt(1 - 1 / effort.draws + spread.max())), 3),
        steps=int(tree["sample_stats"]["n_steps"].sum()), seconds=round(time.monotonic() - begun, 2),
    )  # fmt: skip


def put(density: LogDensity, study: Study) -> None:
    """Put the data of `study` into a density of the same study with other data."""
    for name, value in data_of(study).items():
        density.model.set_data(name, value)


def _quantities(density: LogDensity, position: np.ndarray, lp: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is ranked: every number, the knots of latent series, and the log likelihood [draws]."""
    found = dict(zip(density.labels, position.T, strict=True))
    series = {each.name for each in density.model.deterministics} - {"constants", "error sd", "offset", "memory"}
    for name, values in density.derived(position).items():
        if name in series and values.ndim == 2:
            found |= {f"{name}, knot {k}": values[:, k] for k in range(values.shape[1])}
    found[LIKELIHOOD] = lp + (position**2).sum(axis=1) / 2
    return found


# --- on disk -------------------------------------------------------------------------------------------------


class Store:
    """Replications in a folder, one file each; they belong to the `key` that the folder was begun with.

    Raises
    ------
    InputError : the folder was begun with another key, or is damaged.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self.folder = folder
        known, wanted = folder / "key.json", json.dumps(key, indent=2, sort_keys=True, default=str) + "\n"
        if not known.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_text(known, wanted)
        elif known.read_text(encoding="utf-8") != wanted:
            hint = "choose another folder, or remove this one to begin again"
            raise InputError(Problem("replications of another model, data, priors or effort", str(folder), hint=hint))

    def path(self, number: int) -> Path:
        """Return the file of a replication."""
        return self.folder / f"replication_{number:04d}.json"

    def keep(self, replication: Replication) -> None:
        """Write a replication."""
        write_text(self.path(replication.number), json.dumps(asdict(replication)) + "\n")

    def all(self) -> list[Replication]:
        """Return what is there, in order."""
        found = []
        for path in sorted(self.folder.glob("replication_*.json")):
            try:
                found.append(Replication(**json.loads(path.read_text(encoding="utf-8"))))
            except (ValueError, TypeError) as error:
                raise InputError(Problem("is damaged", str(path), hint="remove it: it is then made again")) from error
        return found


def replications(
    study: Study,
    count: int,
    *,
    first: int = 0,
    seed: int = 1,
    effort: Effort | None = None,
    store: Store | None = None,
    density: LogDensity | None = None,
    finished: Callable[[Replication], None] = lambda one: None,
) -> list[Replication]:
    """Return replications `first` to `count` - 1: those in the store, and the others made now, each kept as it ends.

    `density` is that of the study, if it has been compiled already; by default chains share runs.
    """
    there = {one.number: one for one in store.all()} if store else {}
    effort = effort or Effort()
    missing = [number for number in range(first, count) if number not in there]
    if density is None and missing:
        density = LogDensity(density_of(study))
    try:
        for number in missing:
            there[number] = replicate(study, density, number, seed, effort)  # type: ignore[arg-type]
            if store:
                store.keep(there[number])
            finished(there[number])
    finally:
        if density is not None:
            put(density, study)
    return [there[number] for number in range(first, count)]
