"""The experiments: how the estimate was made, and what each policy mix changes against the current course."""

from __future__ import annotations

from sdforecast import scenario
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import code, number, plain, table
from sdforecast.scenario import Scenario

_HEAD = """\
# Estimate and policy mixes

Made by `sdforecast model document --write`; do not edit it. What stands here is what differs from run to run: how the
constants were estimated, and what each mix changes against the current course."""


def experiments(subject: Subject) -> str:
    """Return the page: the estimate, and every shipped mix with the instruments it moves and constants it sets."""
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
    """Return a section on the estimate: command, versions, seed, searches."""
    manifest = subject.estimate.manifest
    programs = {"sdforecast": manifest.get("sdforecast", "?"), "Python": manifest.get("python", "?")}
    versions = [f"{name} {version}" for name, version in {**programs, **manifest.get("packages", {})}.items()]
    rows = [
        ["command", code(str(manifest.get("command", "?")))],
        ["made", plain(f"{manifest['created']}, seed {manifest['seed']}, {manifest.get('platform', '')}")],
        ["versions", plain(", ".join(versions))],
        ["payoff", "sum of squared residuals over their standard deviations, and of squared positions in the priors"],
        ["searches", _searches(subject)],
        ["data", plain(f"as of {manifest['data_vintage']}, deaths to {manifest['last_observed']}")],
        ["hashes", "; ".join(f"{name} {code(str(manifest[f'{name}_sha256'])[:16])}" for name in _HASHED)],
    ]  # fmt: skip
    return "## The estimate\n\n" + table(["", ""], rows)


_HASHED = ("model", "parameters", "targets", "history")


def _searches(subject: Subject) -> str:
    ends = subject.estimate.starts
    return "; ".join(
        f"start {row['start']}: cost {number(float(row['cost']))} after {row['evaluations']} evaluations"
        for _, row in ends.iterrows()
    )
