"""The numbers that prose may quote.

In the guide a number that is a link into the reference is checked: `[60](REFERENCE.md#stocks)`. What stands behind
the `#` is a fact named here, or the heading of a variable: a constant's value, a stock's start, or, written
`20 to 200`, the range of a constant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import anchor


@dataclass(frozen=True)
class Fact:
    """A number with the words that say what it is.

    Attributes
    ----------
    exact : a count, which has to be written in full; anything else may be rounded.
    """

    value: float
    what: str
    exact: bool = False


def facts(subject: Subject) -> dict[str, Fact]:
    """Return the facts by their anchor."""
    return {**_counts(subject), **_posterior(subject), **_errors(subject)}


def _counts(subject: Subject) -> dict[str, Fact]:
    kinds = [subject.kind(name) for name in subject.equations.by_name]
    by_kind = [each.kind for each in subject.parameters.values()]
    counts = {
        "variables": (len(kinds), "variables in the model file, without the four that control a run"),
        "stocks": (kinds.count("stock"), "stocks"),
        "flows": (kinds.count("flow"), "flows that have a name of their own"),
        "constants": (kinds.count("constant"), "constants"),
        "auxiliaries": (kinds.count("auxiliary"), "auxiliaries, without flows and inputs"),
        "tables": (sum(bool(each.points) for each in subject.equations.by_name.values()), "tables of points"),
        "sectors": (len(subject.equations.sectors), "groups of the file, inputs and instruments among them"),
        "inputs": (len(subject.inputs), "inputs from outside: what follows the time alone and is no instrument"),
        "instruments": (len(subject.instruments), "instruments of policy"),
        "loops": (len(subject.loops), "named feedback loops"),
        "targets": (len(subject.targets), "targets, those not fitted among them"),
    }
    for kind in dict.fromkeys(by_kind):
        counts[f"constants-{kind}"] = (by_kind.count(kind), f"constants of kind {kind}")
    return {name: Fact(value, what, exact=True) for name, (value, what) in counts.items()}


def _posterior(subject: Subject) -> dict[str, Fact]:
    posterior = subject.posterior
    density, taught = posterior.starts["log_density"], posterior.learned["taught"].value_counts()
    found = {
        "log-density": Fact(float(density.max()), "log density of the posterior at its mode"),
        "log-density-of-worst-start": Fact(
            float(density.min()), "log density at which the worst of the searches stopped"
        ),
        "starts": Fact(len(posterior.starts), "searches for the mode, each from its own start", exact=True),
        "draws": Fact(len(posterior), "draws of the posterior that are kept", exact=True),
        "learned": Fact(int(taught.get("learned", 0)), "constants whose spread the data cut by two thirds", exact=True),
        "partly-learned": Fact(int(taught.get("partly", 0)), "constants whose spread they cut by a fifth", exact=True),
        "not-learned": Fact(int(taught.get("not", 0)), "constants of which they say next to nothing", exact=True),
    }
    return found | _figures(posterior.manifest, _FROM_MANIFEST) | _fit(posterior.manifest["fit"])


_FROM_MANIFEST = {
    "observations": "observations fitted to",
    "estimated": "constants that act before the last observation, sampled with their prior",
    "numbers": "numbers sampled, those of latent series and errors among them",
    "informed_directions": "directions in which the observations say more than the priors",
}
_EXACT = ("observations", "estimated", "numbers")

_FROM_FIT = {
    "annual_mape": "mean absolute error of annual deaths from 2013, model alone, per cent",
    "annual_mape_with_discrepancy": "mean absolute error of annual deaths from 2013, with the discrepancy, per cent",
    "annual_mape_without_latents": "mean absolute error of annual deaths from 2013, without latent series, per cent",
    "recent_mape": "mean absolute error of monthly deaths from January 2023, model alone, per cent",
    "peak_model_value": "deaths in the model's highest twelve months",
    "peak_observed_value": "deaths in the highest twelve months counted",
}

_FROM_TURN = {
    "counted": "as counted",
    "model": "in the model",
    "whole": "in the model with its discrepancy",
    "plain": "in the model without latent series",
    "no dated shock": "in the model without the dated shock",
    "no shock": "in the model without any shock",
}


def _figures(source: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Fact]:
    return {
        anchor(key.replace("_", " ")): Fact(float(source[key]), what, key in _EXACT)
        for key, what in words.items()
        if isinstance(source.get(key), int | float)
    }


def _fit(fit: Mapping[str, Any]) -> dict[str, Fact]:
    found = _figures(fit, _FROM_FIT)
    whole = fit.get("annual_with_discrepancy", {})
    for year, (observed, model) in sorted(fit.get("annual", {}).items()):
        found[f"deaths-{year}-model"] = Fact(float(model), f"synthetic opioid deaths of {year} in the model")
        found[f"deaths-{year}-counted"] = Fact(float(observed), f"synthetic opioid deaths of {year} as counted")
        if year in whole:
            what = f"synthetic opioid deaths of {year} in the model with its discrepancy"
            found[f"deaths-{year}-whole"] = Fact(float(whole[year]), what)
    for key, words in _FROM_TURN.items():
        if isinstance(fit.get("turn", {}).get(key), int | float):
            what = f"change of the twelve months to April 2025 against those to June 2023 {words}, per cent"
            found[anchor(f"turn {key}")] = Fact(float(fit["turn"][key]), what)
    return found


def _errors(subject: Subject) -> dict[str, Fact]:
    found = {}
    for row in subject.posterior.fit.to_dict("records"):
        name = anchor(re.sub(r"[,.]", "", str(row["target"])))
        found[f"error-{name}"] = Fact(float(row["mape"]), f"mean absolute error of {row['target']}, per cent")
        if pd.notna(row.get("cover_90")):  # there is none for what is not fitted
            what = f"values of {row['target']} within their 90 % interval, per cent"
            found[f"covered-{name}"] = Fact(float(row["cover_90"]), what)
    return found
