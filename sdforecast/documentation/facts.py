"""The numbers that prose may quote.

In the guide a number that is a link into the reference is checked: `[60](REFERENCE.md#stocks)`. What stands behind
the `#` is a fact named here, or the heading of a variable: a constant's value, a stock's start, or, written
`20 to 200`, the range of a constant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    return {**_counts(subject), **_estimate(subject), **_errors(subject)}


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


def _estimate(subject: Subject) -> dict[str, Fact]:
    manifest, fit = subject.estimate.manifest, subject.estimate.manifest["fit"]
    found = {
        "cost": Fact(
            float(subject.estimate.starts["cost"].min()), "cost of the best fit: squared residuals and priors"
        ),
        "cost-of-worst-start": Fact(
            float(subject.estimate.starts["cost"].max()), "cost at which the worst of the searches stopped"
        ),
        "starts": Fact(len(subject.estimate.starts), "searches, each from its own start", exact=True),
        "sets": Fact(len(subject.estimate.sets), "parameter sets that fit acceptably, the best among them", exact=True),
    }
    from_manifest = {
        "observations": "observations fitted to",
        "estimated": "constants estimated",
        "informed_directions": "directions in which the observations say more than the priors",
        "months_worth": "independent months that the monthly deaths are worth",
    }
    from_fit = {
        "annual_mape": "mean absolute error of annual deaths from 2013, per cent",
        "recent_mape": "mean absolute error of monthly deaths from January 2023, per cent",
        "peak_model_value": "deaths in the model's highest twelve months",
        "peak_observed_value": "deaths in the highest twelve months counted",
    }
    for source, words in ((manifest, from_manifest), (fit, from_fit)):
        for key, what in words.items():
            if isinstance(source.get(key), int | float):
                exact = key in ("observations", "estimated")
                found[anchor(key.replace("_", " "))] = Fact(float(source[key]), what, exact)
    for year, (observed, model) in sorted(fit.get("annual", {}).items()):
        found[f"deaths-{year}-model"] = Fact(float(model), f"synthetic opioid deaths of {year} in the model")
        found[f"deaths-{year}-counted"] = Fact(float(observed), f"synthetic opioid deaths of {year} as counted")
    return found


def _errors(subject: Subject) -> dict[str, Fact]:
    found = {}
    for _, row in subject.estimate.fit.iterrows():
        name = anchor(re.sub(r"[,.]", "", str(row["target"])))
        found[f"error-{name}"] = Fact(float(row["mape"]), f"mean absolute error of {row['target']}, per cent")
    return found
