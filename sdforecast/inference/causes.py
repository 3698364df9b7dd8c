"""Why a sampler failed at a coordinate: a likely cause, from the draws alone.

Every coordinate has a standard normal prior, so that one scale serves all. The tests are few and crude, each tried on
posteriors built to have that fault and no other (tests/inference/test_causes.py). A cause is a place to look first.

unidentified   the coordinate is a function of others: a regression on them, fitted to all chains but one, explains
               98 % of its variance in the chain left out. Or it has the spread of its prior and its chains are apart.
several modes  chains that each stay where they are, far from one another; or a valley within the draws.
bound          the draws lie where the prior has nearly nothing.
funnel         the spread of other coordinates follows this one (a scale), or this coordinate's spread follows a scale.
too few draws  the chains mix, and were stopped early.
slow           none of these: the chains creep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

RIDGE = 0.98
"""Correlation, and share of variance explained, beyond which a coordinate counts as a function of others."""
FAR = 3.0
"""Prior standard deviations beyond which a mean is pressed against the tail; draws count beyond one more."""
SCALE = 0.3
"""Rank correlation of a coordinate with the length of another's steps that makes it a scale."""
APART = 1.5
"""Distance of two chains' means, in the sum of their standard deviations, at which they hardly overlap."""
_MIXES, _DISAGREE = 1.05, 1.1  # R-hat of chains that were stopped early, of chains that lie apart
_EFFICIENT = 0.05
_STILL = 0.8  # range of the means of a chain's quarters in its standard deviations: 0.4 with 100 effective draws
_LOCAL = 0.2
_RELATED = 0.3
_REGRESSED = 10  # draws a coordinate that a regression on all others needs


@dataclass(frozen=True)
class Cause:
    """A likely cause.

    Attributes
    ----------
    name : a word of this module's description.
    site : the coordinate to look at; failures of the same cause at the same site are one. Empty: anywhere.
    partners : other coordinates it involves.
    evidence : the figure that speaks for it.
    advice : what to do.
    """

    name: str
    site: str
    partners: tuple[str, ...]
    evidence: str
    advice: str


@dataclass(frozen=True)
class Draws:
    """Finite draws of the sampler's own coordinates.

    Attributes
    ----------
    values : shape (chain, draw, coordinate).
    labels : names of the coordinates.
    """

    values: np.ndarray
    labels: list[str]

    @property
    def size(self) -> int:
        """Return the number of draws of all chains."""
        return int(self.values.shape[0] * self.values.shape[1])

    @cached_property
    def flat(self) -> np.ndarray:
        """Return the draws of all chains, shape (chain * draw, coordinate)."""
        return self.values.reshape(self.size, -1)

    @cached_property
    def correlation(self) -> np.ndarray:
        """Return the correlations within chains (median of the chains), shape (coordinate, coordinate)."""
        return np.asarray(np.median([_correlated(chain, chain) for chain in self.values], axis=0))

    @cached_property
    def scale(self) -> np.ndarray:
        """Return, at [i, j], the rank correlation of coordinate i with the length of the steps of j.

        Steps and not distances from the middle: where chains creep, distances wander with anything, steps do not.
        """
        steps = np.abs(np.diff(self.values, axis=1)).reshape(-1, len(self.labels))
        between = (0.5 * (self.values[:, 1:] + self.values[:, :-1])).reshape(steps.shape)
        found = _correlated(_ranked(between), _ranked(steps))
        np.fill_diagonal(found, 0.0)
        return found

    @cached_property
    def regressions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what follows of each coordinate from all the others.

        Regressions are fitted to all chains but one and tried on that one; the median of the chains counts. Draws
        that creep fit each other well by chance, but not so a chain that the fit has not seen.

        Returns
        -------
        The share of variance explained, shape (coordinate,), and the slopes between standardised coordinates,
        shape (others, coordinate). Zero where chains or draws do not suffice.
        """
        chains, length, size = self.values.shape
        if chains < 2 or size < 2 or (chains - 1) * length < _REGRESSED * size:
            return np.zeros(size), np.zeros((size, size))
        found = [_regressed(np.delete(self.values, k, axis=0).reshape(-1, size), self.values[k]) for k in range(chains)]
        return np.median([share for share, _ in found], axis=0), np.median([slopes for _, slopes in found], axis=0)


def _regressed(rows: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares explained in the rows left out, and slopes, of regressions by the inverse of the covariance."""
    mean, sd = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-300)
    standard, tried = (rows - mean) / sd, (left - mean) / sd
    precision = np.linalg.inv(standard.T @ standard / len(rows) + 1e-9 * np.eye(len(mean)))
    contrast = precision / np.diag(precision)  # a column is 1 at its coordinate, and less its slopes elsewhere
    variance = tried.var(axis=0)
    error = np.mean((tried @ contrast) ** 2, axis=0)
    share = 1 - np.divide(error, variance, out=np.ones_like(error), where=variance > 0)
    return share, np.eye(len(mean)) - contrast


def _ranked(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.argsort(axis=0).argsort(axis=0), float)


def _correlated(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    def standard(values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(axis=0)
        norm = np.linalg.norm(centred, axis=0)
        return np.asarray(np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 0))

    return np.asarray(standard(left).T @ standard(right))


def cause(draws: Draws, label: str, rhat: float, ess: float, needed: float) -> Cause:
    """Return the likely cause of a failure at one coordinate.

    Parameters
    ----------
    rhat, ess : the figures of the coordinate, the smaller of bulk and tail.
    needed : the effective draws that would do.
    """
    k = draws.labels.index(label)
    return (
        _ridge(draws, k)
        or _modes(draws, k)
        or bound(draws, k)
        or _funnel(draws, k)
        or _flat(draws, k, rhat)
        or _short(draws, rhat, ess, needed)
    )


def _ridge(draws: Draws, k: int) -> Cause | None:
    row = draws.correlation[k].copy()
    row[k] = 0.0
    partner = int(np.abs(row).argmax())
    if abs(row[partner]) > RIDGE:
        name = draws.labels[partner]
        advice = f"fix one of '{draws.labels[k]}' and '{name}', sharpen a prior, or add data that tell them apart"
        site = draws.labels[min(k, partner)]
        return Cause("unidentified", site, (name,), f"correlation {row[partner]:+.3f} with '{name}'", advice)
    shares, slopes = draws.regressions
    explained, weights = shares[k], slopes[:, k]
    if explained <= RIDGE:
        return None
    order = [int(j) for j in np.argsort(-np.abs(weights)) if abs(weights[j]) > 0.2 * np.abs(weights).max()]
    partners = tuple(draws.labels[j] for j in order[:4])
    named = ", ".join(f"'{name}'" for name in partners)
    advice = f"only a combination of '{draws.labels[k]}' with {named} is known: fix one or sharpen a prior"
    site = draws.labels[min(k, *order)]
    return Cause("unidentified", site, partners, f"{100 * explained:.1f} % of it follows from {named}", advice)


def _modes(draws: Draws, k: int) -> Cause | None:
    advice = "look at the chains apart: start them all from the best mode, or use --method smc"
    apart = _apart(draws.values)
    if apart[k] > APART and _still(draws.values[:, :, k]):
        means = draws.values[:, :, k].mean(axis=1)
        low, high = int(means.argmin()), int(means.argmax())
        evidence = f"chain {low + 1} around {means[low]:+.2f}, chain {high + 1} around {means[high]:+.2f}"
        others = [int(j) for j in np.flatnonzero(apart > APART) if j != k]
        return Cause(
            "several modes", draws.labels[min([k, *others])], tuple(draws.labels[j] for j in others), evidence, advice
        )
    peaks = _peaks(draws.values[:, :, k])
    if peaks:
        evidence = "peaks at " + " and ".join(f"{peak:+.2f}" for peak in peaks)
        return Cause("several modes", draws.labels[k], (), evidence, advice)
    return None


def _apart(values: np.ndarray) -> np.ndarray:
    """Return, for each coordinate, how far the outermost chains lie apart, in the sum of their standard deviations."""
    means, sds = values.mean(axis=1), values.std(axis=1)
    each = np.arange(means.shape[1])
    low, high = means.argmin(axis=0), means.argmax(axis=0)
    spread = sds[low, each] + sds[high, each]
    return np.asarray((means[high, each] - means[low, each]) / np.maximum(spread, 1e-300))


def _still(chains: np.ndarray) -> bool:
    """Return whether most chains stay where they are: their quarters have about the same mean."""
    quarters = np.stack([part.mean(axis=1) for part in np.array_split(chains, 4, axis=1)])
    return bool(np.median(np.ptp(quarters, axis=0) / np.maximum(chains.std(axis=1), 1e-300)) < _STILL)


def _peaks(chains: np.ndarray) -> list[float]:
    """Return the two main peaks of a density where the valley between them is below half the lower one.

    A chain that creeps leaves heaps as well; it moves by less than `_LOCAL` of a heap's width at a draw.
    """
    from scipy.signal import find_peaks
    from scipy.stats import gaussian_kde

    values = chains.ravel()
    thin = values[:: max(1, len(values) // 2000)]
    if thin.std() == 0:
        return []
    grid = np.linspace(thin.min(), thin.max(), 200)
    density = gaussian_kde(thin)(grid)
    found = find_peaks(np.concatenate([[0.0], density, [0.0]]), height=0.1 * density.max())[0] - 1
    if len(found) < 2:
        return []
    first, second = sorted(sorted(found, key=lambda j: -density[j])[:2])
    valley = first + int(density[first : second + 1].argmin())
    below = values < grid[valley]
    deep = density[valley] < 0.5 * min(density[first], density[second])
    if not deep or not 0.05 < below.mean() < 0.95:
        return []
    width = min(values[below].std(), values[~below].std())
    local = float(np.median(np.abs(np.diff(chains, axis=1)))) > _LOCAL * width
    return [float(grid[first]), float(grid[second])] if local else []


def _funnel(draws: Draws, k: int) -> Cause | None:
    if len(draws.labels) < 2:
        return None
    pairs = [(k, int(np.abs(draws.scale[k]).argmax())), (int(np.abs(draws.scale[:, k]).argmax()), k)]
    i, j = max(pairs, key=lambda pair: abs(draws.scale[pair]))
    strength = float(draws.scale[i, j])
    if abs(strength) < SCALE:
        return None
    scale, scaled = draws.labels[i], draws.labels[j]
    evidence = f"the spread of '{scaled}' follows '{scale}' (rank correlation {strength:+.2f})"
    return Cause("funnel", scale, (scaled if i == k else scale,), evidence, funnel_advice(scale, strength))


def funnel_advice(scale: str, strength: float) -> str:
    """Return what to do about a funnel; its neck is at the low end of `scale` where `strength` is above zero."""
    end = "low" if strength > 0 else "high"
    return f"keep '{scale}' from its {end} end by a sharper prior, or raise the target acceptance (0.95, 0.99)"


def bound(draws: Draws, k: int) -> Cause | None:
    """Return that a coordinate lies where its prior has nearly nothing, or None."""
    values = draws.flat[:, k]
    mean = float(values.mean())
    beyond = float(np.mean(values * np.sign(mean) > FAR + 1))
    if abs(mean) <= FAR and (beyond <= 0.01 or abs(mean) < FAR / 2):
        return None
    side = "low" if mean < 0 else "high"
    evidence = f"mean {mean:+.1f} prior standard deviations, {100 * beyond:.0f} % of draws beyond {FAR + 1:.0f}"
    advice = f"the data want it past the {side} end of its prior: widen the bound with a source, or mend the model"
    return Cause("bound", draws.labels[k], (), evidence, advice)


def _flat(draws: Draws, k: int, rhat: float) -> Cause | None:
    sd = float(draws.flat[:, k].std())
    if rhat < _DISAGREE or not 0.7 < sd < 1.4 or len(draws.labels) < 2:
        return None
    steps = np.diff(draws.values, axis=1).reshape(-1, len(draws.labels))
    row = np.abs(_correlated(steps[:, k : k + 1], steps))[0]
    row[k] = 0.0
    partners = (draws.labels[int(row.argmax())],) if row.max() > _RELATED else ()
    evidence = f"chains apart, with {sd:.2f} of the prior's standard deviation"
    if partners:
        evidence += f"; its steps go with those of '{partners[0]}' (correlation {row.max():.2f})"
    advice = "the data say nothing of it: fix it, or add data that know it"
    return Cause("unidentified", draws.labels[k] if partners else "", partners, evidence, advice)


def _short(draws: Draws, rhat: float, ess: float, needed: float) -> Cause:
    chains = draws.values.shape[0]
    if not ess > 0:
        return Cause("slow", "", (), "no effective draws", "sample afresh with a longer warm-up")
    more = 1.2 * needed / ess if ess < needed else 1.5  # enough of them, but the chains do not agree
    each = math.ceil(more * draws.size / chains / 100) * 100
    if rhat < _MIXES and ess >= _EFFICIENT * draws.size:
        evidence = f"{ess:.0f} effective of {draws.size} draws, chains agree"
        return Cause("too few draws", "", (), evidence, f"sample {each} draws a chain")
    evidence = f"{ess:.0f} effective of {draws.size} draws"
    advice = f"a longer warm-up, a higher target acceptance, or some {each} draws a chain"
    return Cause("slow", "", (), evidence, advice)
