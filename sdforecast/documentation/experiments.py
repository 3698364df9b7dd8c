"""The experiments: how the posterior was made, and what each policy mix changes against the current course."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdforecast import scenario
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import code, number, plain, table
from sdforecast.scenario import Scenario

_HEAD = """\
# Posterior and policy mixes

Made by `sdforecast model document --write`; do not edit it. What stands here is what differs from run to run: how the
constants were estimated, and what each mix changes against the current course."""


def experiments(subject: Subject) -> str:
    """Return the page: the posterior, and every shipped mix with the instruments it moves and constants it sets."""
    parts = [
        _HEAD,
        _estimation(subject),
        "## Policy mixes",
        "What a mix does not name follows its history and keeps its last level.",
    ]
    for name in scenario.shipped():
        mix = scenario.load(name)
        parts += [f"### {name}", f"{plain(mix.title)}. {plain(mix.description)}", _changes(mix)]
    return "\n\n".join(parts) + "\n"


def _changes(mix: Scenario) -> str:
    mix = scenario.resolve(mix)
    rows = [[plain(each.title), plain(each.words)] for each in scenario.describe(mix)]
    rows += [[code(name), f"set to {number(value)}"] for name, value in {**mix.parameters, **mix.assumptions}.items()]
    return table(["what", "how"], rows) if rows else "Changes nothing."


def _estimation(subject: Subject) -> str:
    """Return a section on the posterior: command, versions, seed, method, searches, chains."""
    manifest = subject.posterior.manifest
    programs = {"sdforecast": manifest.get("sdforecast", "?"), "Python": manifest.get("python", "?")}
    versions = [f"{name} {version}" for name, version in {**programs, **manifest.get("packages", {})}.items()]
    rows = [
        ["command", code(str(manifest.get("command", "?")))],
        ["made", plain(f"{manifest['created']}, seed {manifest['seed']}, {manifest.get('platform', '')}")],
        ["versions", plain(", ".join(versions))],
        ["method", _METHODS.get(str(manifest.get("method")), "not told")],
        ["searches for the mode", _searches(subject)],
        ["chains", _chains(manifest.get("sampling") or {})],
        ["data", plain(f"as of {manifest['data_vintage']}, deaths to {manifest['last_observed']}")],
        ["hashes", "; ".join(f"{name} {code(str(manifest[f'{name}_sha256'])[:16])}" for name in _HASHED)],
    ]  # fmt: skip
    return "## The posterior\n\n" + table(["", ""], rows)


_HASHED = ("model", "parameters", "targets", "history")

_METHODS = {
    "nuts": "No-U-Turn sampler from the mode; every constant that acts before the last observation is sampled",
    "laplace": "normal approximation at the mode, not a sample",
    "smc": "sequential Monte Carlo",
    "de": "differential evolution Metropolis",
}


def _searches(subject: Subject) -> str:
    ends = subject.posterior.starts
    return "; ".join(
        f"start {row['start']}: log density {float(row['log_density']):.2f} after {row['evaluations']} evaluations"
        for row in ends.to_dict("records")
    )


def _chains(sampling: Mapping[str, Any]) -> str:
    if not sampling:
        return "none were sampled"
    parts = [f"{sampling['chains']} of {sampling['draws']:,} draws"]
    for key, words, digits in (("rhat_max", "largest R-hat", 3), ("ess_min", "fewest effective draws", 0)):
        if sampling.get(key) is not None:
            parts.append(f"{words} {sampling[key]:,.{digits}f}")
    if sampling.get("divergences") is not None:
        parts.append(f"{sampling['divergences']} divergences")
    return ", ".join(parts) + ("" if sampling["publishable"] else "; **not fit to publish**")
