"""Whether a posterior is fit to publish, and where and why it is not.

Limits: R-hat below 1.01, bulk and tail effective sample size above 400 (Vehtari et al. 2021, Bayesian Analysis 16,
667-718), no divergences, E-BFMI above 0.3 (Betancourt 2016, arXiv:1604.00695), at least four chains of a hundred draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem
from sdforecast.inference.causes import SCALE, Draws, bound, cause, funnel_advice
from sdforecast.inference.draws import arviz, positions, sampled, scalars

RHAT = 1.01
ESS = 400.0
BFMI = 0.3
CHAINS = 4
DRAWS = 100
DEPTH = 10
"""The deepest tree of nutpie and PyMC where the draws do not say (attribute `max_tree_depth` of /sample_stats)."""
_DEEP = 0.05
_GATHERED = 0.8
_FOLLOWS = 0.3
_EVERYWHERE = 0.1


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a posterior.

    Attributes
    ----------
    parameter : where; empty for the whole.
    figure : what was measured, against its limit.
    cause : likely cause in a word or two, see :mod:`sdforecast.inference.causes`.
    partners : other coordinates it involves.
    evidence : the figure that speaks for the cause; may be empty.
    advice : what to do.
    blocks : whether the posterior must not be published with it.
    """

    parameter: str
    figure: str
    cause: str
    partners: tuple[str, ...]
    evidence: str
    advice: str
    blocks: bool = True

    def __str__(self) -> str:
        where = f"{self.parameter}: " if self.parameter else ""
        evidence = f" ({self.evidence})" if self.evidence else ""
        text = f"{where}{self.figure}; {self.cause}{evidence}; {self.advice}"
        return text if self.blocks else f"note: {text}"


@dataclass(frozen=True)
class Diagnosis:
    """What the draws say of themselves.

    Attributes
    ----------
    table : one row a coordinate of /unconstrained and a scalar of /posterior: group, parameter, rhat, ess_bulk,
        ess_tail, mcse (of the mean).
    chains, draws : how many chains, and draws in each.
    divergences : their number; None where the sampler has none (likewise the next two).
    bfmi : E-BFMI of each chain.
    deepest : share of draws whose tree was as deep as allowed.
    faults : what is wrong, worst first.
    """

    table: pd.DataFrame
    chains: int
    draws: int
    divergences: int | None
    bfmi: tuple[float, ...] | None
    deepest: float | None
    faults: list[Fault]

    @property
    def publishable(self) -> bool:
        """Return whether no fault stands against publication."""
        return not any(fault.blocks for fault in self.faults)

    def facts(self) -> dict[str, Any]:
        """Return what a manifest says of it; a figure that there is not is None."""
        rhat, ess = self.table["rhat"].max(), self.table[["ess_bulk", "ess_tail"]].min().min()
        return {
            "publishable": self.publishable,
            "chains": self.chains,
            "draws": self.draws,
            "rhat_max": float(rhat) if np.isfinite(rhat) else None,
            "ess_min": float(ess) if np.isfinite(ess) else None,
            "divergences": self.divergences,
            "bfmi": None if self.bfmi is None else [value if np.isfinite(value) else None for value in self.bfmi],
            "deepest": self.deepest,
            "faults": [str(fault) for fault in self.faults],
        }

    def to_text(self) -> str:
        """Return a line of figures and one line a fault."""
        word = "fit to publish" if self.publishable else "not fit to publish"
        parts = [f"{_count(self.chains, 'chain')} of {_count(self.draws, 'draw')}"]
        if self.table["rhat"].notna().any():
            parts.append(f"largest R-hat {self.table['rhat'].max():.3f}")
            parts.append(f"fewest effective draws {self.table[['ess_bulk', 'ess_tail']].min().min():.0f}")
        if self.divergences is not None:
            parts.append(_count(self.divergences, "divergence"))
        if self.bfmi is not None:
            parts.append(f"lowest E-BFMI {min(self.bfmi):.2f}")
        return "\n".join([f"{word}: " + ", ".join(parts), *map(str, self.faults)])


def diagnose(tree: xr.DataTree) -> Diagnosis:
    """Judge the draws of a posterior.

    Raises
    ------
    InputError : the tree lacks /posterior or /unconstrained, or they are not of the layout.
    MachineError : ArviZ is not installed.
    """
    values, labels = positions(tree)
    chains, draws = values.shape[:2]
    if chains == 0 or draws < 4:
        raise InputError(Problem(f"a posterior of {chains} chains of {draws} draws has nothing to judge"))
    finite = np.isfinite(values).all(axis=(0, 1))
    own = Draws(values[:, :, finite], [label for label, ok in zip(labels, finite, strict=True) if ok])
    others = scalars(tree)
    coordinates = {label: values[:, :, k] for k, label in enumerate(labels)}
    table = pd.concat([_figures("unconstrained", coordinates), _figures("posterior", others)], ignore_index=True)
    stats = _statistics(tree)
    faults = _few(chains, draws) + _broken(coordinates)
    still = {fault.parameter for fault in faults}
    faults += _broken({name: array for name, array in others.items() if name not in still and np.ptp(array) != 0})
    broken = {fault.parameter for fault in faults}
    faults += _divergences(stats, own) + _energy(stats, own)
    if chains > 1:
        faults += _unmixed(table[~table["parameter"].isin(broken)], own)
    named = {fault.parameter for fault in faults}
    faults = _gathered(faults) + _notes(stats, own, named)
    diverging, energy = stats.get("diverging"), stats.get("energy")
    return Diagnosis(
        table, chains, draws, None if diverging is None else int(diverging.sum()),
        None if energy is None else tuple(map(float, bfmi(energy))), _deepest(stats), faults,
    )  # fmt: skip


def _figures(group: str, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    az = arviz()
    table = pd.DataFrame({"group": group, "parameter": list(arrays)})
    good = [name for name, each in arrays.items() if len(each) > 1 and np.isfinite(each).all() and np.ptp(each) > 0]
    figures = dict.fromkeys(("rhat", "ess_bulk", "ess_tail", "mcse"), np.nan)
    if not good:
        return table.assign(**figures)
    stacked = np.stack([arrays[name] for name in good], axis=-1)
    data = xr.Dataset({"x": (("chain", "draw", "parameter"), stacked)})
    found = [az.rhat(data), az.ess(data, method="bulk"), az.ess(data, method="tail"), az.mcse(data, method="mean")]
    judged = pd.DataFrame({word: each["x"].to_numpy() for word, each in zip(figures, found, strict=True)}, index=good)
    return table.join(judged, on="parameter")


def _statistics(tree: xr.DataTree) -> dict[str, np.ndarray]:
    """Return the sampler's statistics, shape (chain, draw); a sampler without steps (SMC) has none."""
    if "sample_stats" not in tree.children or not tree["sample_stats"].data_vars:
        return {}
    data = sampled(tree, "sample_stats")
    found = {str(name): array.to_numpy() for name, array in data.data_vars.items() if array.ndim == 2}
    found["limit"] = np.asarray(tree["sample_stats"].attrs.get("max_tree_depth", DEPTH))
    return found


def bfmi(energy: np.ndarray) -> np.ndarray:
    """Return the Bayesian fraction of missing information of each chain; energy has shape (chain, draw)."""
    found = arviz().bfmi(xr.Dataset({"energy": (("chain", "draw"), energy)}))
    return np.asarray(found["energy"] if isinstance(found, xr.Dataset) else found, float)  # 1.x or 0.23


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _few(chains: int, draws: int) -> list[Fault]:
    if chains >= CHAINS and draws >= DRAWS:
        return []
    figure = f"{_count(chains, 'chain')} of {_count(draws, 'draw')} cannot be judged (at least {CHAINS} of {DRAWS})"
    return [Fault("", figure, "too few draws", (), "", f"sample {CHAINS} chains of 1000 draws")]


def _broken(arrays: Mapping[str, np.ndarray]) -> list[Fault]:
    found = []
    for name, values in arrays.items():
        bad = int((~np.isfinite(values)).sum())
        if bad:
            advice = "a run broke down there: keep the constant away from where the model does"
            found.append(Fault(name, f"{_count(bad, 'draw')} not finite", "not finite", (), "", advice))
        elif (np.ptp(values, axis=1) == 0).any():
            still = int((np.ptp(values, axis=1) == 0).sum())
            advice = "start them elsewhere, with a longer warm-up"
            found.append(Fault(name, f"{_count(still, 'chain')} never moved", "stuck", (), "", advice))
    return found


def _divergences(stats: Mapping[str, np.ndarray], own: Draws) -> list[Fault]:
    diverging = stats.get("diverging")
    if diverging is None or not diverging.any():
        return []
    at = diverging.astype(bool).ravel()
    figure = f"{_count(int(at.sum()), 'divergence')} in {at.size} draws (none allowed)"
    k, shift = _gathering(own, at)
    if k is None:
        if at.mean() > _EVERYWHERE:
            advice = "the gradient may not be trusted (a jump, a kink in the model): use --method smc or de"
            return [Fault("", figure, "broken gradient", (), "they lie everywhere", advice)]
        advice = "raise the target acceptance (0.95, 0.99)"
        return [Fault("", figure, "step too long", (), "they lie anywhere", advice)]
    label = own.labels[k]
    where = f"they gather where '{label}' is {'low' if shift < 0 else 'high'} ({shift:+.1f} standard deviations)"
    scaled = int(np.abs(own.scale[k]).argmax())
    if abs(own.scale[k, scaled]) > SCALE:
        return [Fault(label, figure, "funnel", (own.labels[scaled],), where, funnel_advice(label, -shift))]
    pressed = bound(own, k)
    if pressed:
        return [Fault(label, figure, "bound", (), where, pressed.advice)]
    advice = f"look at the model where '{label}' is there: a sharp turn, a limit; or raise the target acceptance"
    return [Fault(label, figure, "sharp corner", (), where, advice)]


def _gathering(own: Draws, at: np.ndarray) -> tuple[int | None, float]:
    """Return the coordinate that sets diverging draws most apart from all, and by how many standard deviations."""
    sd = own.flat.std(axis=0)
    away = own.flat[at].mean(axis=0) - own.flat.mean(axis=0)
    shift = np.divide(away, sd, out=np.zeros_like(away), where=sd > 0)
    chance = 4.5 / np.sqrt(at.sum())  # what a mean of so many draws does not reach, among a hundred coordinates
    beyond = np.abs(shift) > max(_GATHERED, chance)
    if not beyond.any():
        return None, 0.0
    k = int(np.abs(shift).argmax())
    return k, float(shift[k])


def _energy(stats: Mapping[str, np.ndarray], own: Draws) -> list[Fault]:
    energy = stats.get("energy")
    if energy is None:
        return []
    found = bfmi(energy)
    low = [k for k, value in enumerate(found) if not value > BFMI]
    if not low:
        return []
    figure = f"E-BFMI {np.min(found):.2f} in chain {int(np.argmin(found)) + 1} (above {BFMI})"
    lp = np.asarray(stats.get("lp", -energy), float).ravel()
    scale = np.abs(own.scale).max(axis=1, initial=0.0)
    follows = np.nan_to_num([np.corrcoef(lp, own.flat[:, k])[0, 1] for k in range(own.flat.shape[1])])
    strength = np.where(scale > SCALE, np.abs(follows), 0.0)
    k = int(strength.argmax())
    if strength[k] > _FOLLOWS:
        label, evidence = own.labels[k], f"log density follows it (correlation {follows[k]:+.2f})"
        j = int(np.abs(own.scale[k]).argmax())
        advice = funnel_advice(label, own.scale[k, j])
        return [Fault(label, figure, "funnel", (own.labels[j],), evidence, advice)]
    return [Fault("", figure, "heavy tails", (), "", "tighten priors with heavy tails, or sample longer")]


def _unmixed(table: pd.DataFrame, own: Draws) -> list[Fault]:
    """Return the faults of coordinates whose chains disagree or have few effective draws, gathered by cause."""
    ess = table[["ess_bulk", "ess_tail"]].min(axis=1)
    bad = table.assign(ess=ess)[~((table["rhat"] < RHAT) & (ess > ESS))]
    bad = bad[~((bad["group"] == "posterior") & bad["rhat"].isna())]  # a constant that was held
    bad = bad.sort_values("ess").drop_duplicates("parameter")
    faults: list[Fault] = []
    at: dict[tuple[str, str], list[Fault]] = {}
    for row in bad[bad["parameter"].isin(own.labels)].to_dict("records"):
        name = str(row["parameter"])
        why = cause(own, name, float(row["rhat"]), float(row["ess"]), ESS)
        fault = Fault(name, _figure(row), why.name, why.partners, why.evidence, why.advice)
        at.setdefault((why.name, why.site), []).append(fault)
    for (_, site), (first, *rest) in at.items():
        if not site and rest:  # no coordinate of its own to look at: one line for all
            names = tuple(fault.parameter for fault in rest)
            more = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            first = replace(first, figure=f"{first.figure}, likewise {more}", partners=names)
        faults.append(first)
    derived = bad[~bad["parameter"].isin(own.labels)]
    return faults + _derived(derived.to_dict("records"), bool(faults))


def _gathered(faults: Sequence[Fault]) -> list[Fault]:
    """Return faults with those of one parameter and one cause told as one."""
    found: dict[tuple[str, str], Fault] = {}
    for k, fault in enumerate(faults):
        key = (fault.parameter or str(k), fault.cause)
        first = found.get(key)
        if first:
            evidence = f"{first.evidence}; {fault.evidence}"
            found[key] = replace(first, figure=f"{first.figure}, {fault.figure}", evidence=evidence)
        else:
            found[key] = fault
    return list(found.values())


def _figure(row: Mapping[Hashable, Any]) -> str:
    parts = []
    if not row["rhat"] < RHAT:
        parts.append(f"R-hat {row['rhat']:.3f} (below {RHAT})")
    for word in ("bulk", "tail"):
        if not row[f"ess_{word}"] > ESS:
            parts.append(f"{word} ESS {row[f'ess_{word}']:.0f} (above {ESS:.0f})")
    return ", ".join(parts)


def _derived(rows: Sequence[Mapping[Hashable, Any]], explained: bool) -> list[Fault]:
    """Return one fault for each array of /posterior that is not itself a coordinate: its worst element."""
    by_array: dict[str, list[Mapping[Hashable, Any]]] = {}
    for row in rows:
        by_array.setdefault(str(row["parameter"]).partition(": ")[0], []).append(row)
    found = []
    for entries in by_array.values():
        more = f", and {len(entries) - 1} more" if len(entries) > 1 else ""
        if explained:
            why, advice = "follows from the coordinates", "mend those first"
        else:
            why, advice = "too few draws", "it is a function of coordinates that mix: sample more draws"
        found.append(Fault(str(entries[0]["parameter"]), _figure(entries[0]) + more, why, (), "", advice))
    return found


def _deepest(stats: Mapping[str, np.ndarray]) -> float | None:
    for name in ("reached_max_treedepth", "maxdepth_reached"):
        if name in stats:
            return float(np.mean(stats[name]))
    return float(np.mean(stats["tree_depth"] >= stats["limit"])) if "tree_depth" in stats else None


def _notes(stats: Mapping[str, np.ndarray], own: Draws, named: set[str]) -> list[Fault]:
    """Return what does not stand against publication and should be known."""
    found = []
    deepest = _deepest(stats)
    if deepest is not None and deepest > _DEEP:
        figure = f"{100 * deepest:.0f} % of draws used the deepest tree allowed"
        advice = "correct, but slow: look for strong correlations, or rescale"
        found.append(Fault("", figure, "long way round", (), "", advice, blocks=False))
    for k, label in enumerate(own.labels):
        pressed = None if label in named else bound(own, k)
        if pressed:
            found.append(Fault(label, pressed.evidence, "bound", (), "", pressed.advice, blocks=False))
    return found
