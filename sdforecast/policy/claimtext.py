"""The page and the table of judged claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sdforecast.policy.claiming import ABSENT, MOSTLY, MOVED, OPEN, PAST, RARELY, REFUTED, SUPPORTED, Found, Judged
from sdforecast.policy.claims import Test

_INTRODUCTION = """\
# The essay, claim by claim

Made by `python calibration/claims.py`; do not edit it. The claims are those of {source},
in our words. `calibration/claims.toml` has them with their tests, `calibration/claims.csv` every number.

## How a verdict is found

A claim is broken into statements. Each compares one outcome of the model between policy mixes, draw by draw, so that
everything else is the same; how large an effect must be to count stands in the statement. It is tried twice:

- over {draws} draws of the *posterior*: its spread is what our judgement and the data together leave open;
- over the *full ranges* of the {free} assumptions from which the data taught nothing: every value of a range as likely
  as any other, the rest from the posterior, and only those together that move the deaths of {first} to {last} by at
  most {moved}; of {tried:,} draws {wide} do. Their spread is what the data leave open if our judgement of which
  value is likely counts for nothing.

A statement is **supported** if it holds in at least {mostly} of the draws of both, **not supported** if it holds in
at most {rarely} of both, otherwise **not decidable with these data**. A claim is supported if all its statements
are, not supported if one is not, otherwise not decidable; one without a statement is **not represented**. A star (\\*)
stands where twice the Monte Carlo error of the shares would give another verdict.

Brackets hold 90 % of the draws. *Holds in* is a share of draws, with its Monte Carlo error: how often a statement holds
in this model under its assumptions, and no probability that the essay is right. All draws are of one structure, in
which deaths follow supply. Another, in which they do not wait for it, fits the past as well, and there a policy on
supply averts next to nothing ([structures.md](structures.md)): a verdict on such a policy holds if deaths follow
supply. What the structure takes as given is said under the claim, and what it leaves out in
[limitations.md](limitations.md). *Not supported* is said of the statement as written, with its threshold. *Turns on*
names the constants whose rank correlations with the result over the full ranges are the strongest, where chance does
not explain them: `+` means that more of it speaks for the statement.
"""

STAR = "\\*"


def page(judged: Sequence[Judged], facts: Mapping[str, Any]) -> str:
    """Return the page; `facts` has source, hashes and numbers of draws (see `calibration/claims.py`)."""
    parts = [
        _INTRODUCTION.format(
            mostly=_percent(MOSTLY),
            rarely=_percent(RARELY),
            moved=_percent(MOVED),
            first=PAST[0],
            last=PAST[1],
            **facts,
        ),
        _overview(judged),
    ]
    about = ""
    for one in judged:
        if one.claim.about != about:
            about = one.claim.about
            parts.append(f"## {about}\n")
        parts.append(_claim(one))
    parts.append(_made(facts))
    return "\n".join(parts)


def table(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return one row a statement and setting: `claim, statement, setting, median, low, high, error, unit, …`."""
    rows = []
    for one in judged:
        whole = zip(one.claim.test, one.found, one.verdicts, one.close, strict=True)
        for k, (test, by, verdict, close) in enumerate(whole, start=1):
            for setting, found in by.items():
                rows.append(
                    {"claim": one.claim.number, "statement": k, "says": test.says, "setting": setting,
                     "median": found.of.median, "low": found.of.low, "high": found.of.high, "error": found.of.error,
                     "unit": "%" if test.per else "", "above": test.above, "chance": found.chance,
                     "chance_error": found.error, "draws": len(found.values), "verdict": verdict, "close": close,
                     "claim_verdict": one.verdict,
                     "turns_on": "; ".join(f"{name} {related:+.2f}" for name, related in found.turns_on)}
                )  # fmt: skip
    return pd.DataFrame(rows)


def _overview(judged: Sequence[Judged]) -> str:
    count = Counter(one.verdict for one in judged)
    words = ", ".join(f"{count[verdict]} {verdict}" for verdict in (SUPPORTED, REFUTED, OPEN, ABSENT) if count[verdict])
    rows = [f"| {one.claim.number} | {one.claim.claim} | {_weakest(one)} | {one.verdict} |" for one in judged]
    about = "The shares are those of the weakest statement, over the posterior and over the full ranges."
    head = ["| | claim | holds in | verdict |", "| --- | --- | --- | --- |"]
    return "\n".join([f"Of {len(judged)} claims: {words}. {about}\n", *head, *rows, ""])


def _weakest(one: Judged) -> str:
    if not one.found:
        return ""
    return ", ".join(_percent(min(by[setting].chance for by in one.found)) for setting in one.found[0])


def _claim(one: Judged) -> str:
    claim = one.claim
    names = ", ".join(f"`{name}`" for name in claim.structure) or "none"
    lines = [f"### {claim.number}. {claim.claim}\n", f"**Verdict: {one.verdict}.**\n", f"*Structure.* {names}\n"]
    if claim.limits:
        lines.append(f"*Not in it.* {claim.limits}\n")
    if claim.test:
        settings = list(one.found[0])
        head = " | ".join(f"{setting}: value | holds in" for setting in settings)
        lines += [
            f"| statement | against it would be | {head} | verdict |",
            "| --- | --- |" + " --- | --- |" * len(settings) + " --- |",
        ]
        for test, by, verdict, close in zip(claim.test, one.found, one.verdicts, one.close, strict=True):
            cells = " | ".join(f"{_value(test, by[setting])} | {_share(by[setting])}" for setting in settings)
            lines.append(f"| {test.says} | {test.against} | {cells} | {verdict}{STAR if close else ''} |")
        lines.append("")
        lines += [*_turns(claim.test, one.found), ""]
    lines.append(f"*Evidence outside the model.* {claim.evidence} ({claim.source})\n")
    return "\n".join(lines)


def _turns(tests: Sequence[Test], found: Sequence[Mapping[str, Found]]) -> list[str]:
    lines = []
    for k, by in enumerate(found, start=1):
        last = list(by.values())[-1]
        words = ", ".join(f"`{name}` ({related:+.2f})" for name, related in last.turns_on)
        which = "*Turns on*" if len(tests) == 1 else f"*Statement {k} turns on*"
        lines.append(f"{which} {words or 'none that chance does not explain'}.  ")
    return lines


def _value(test: Test, found: Found) -> str:
    of = found.of
    if test.per is not None:
        return f"{_signed(of.median)} % [{_signed(of.low)}, {_signed(of.high)}]"
    return f"{of.median:+.3f} [{of.low:+.3f}, {of.high:+.3f}]"


def _signed(number: float) -> str:
    return f"{number:+.1f}" if abs(number) < 99.95 else f"{number:+,.0f}"


def _share(found: Found) -> str:
    return f"{_percent(found.chance)} (± {max(100 * found.error, 0.1):.1f})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _made(facts: Mapping[str, Any]) -> str:
    keys = ("command", "seed", "model", "posterior", "claims")
    rows = [f"| {key} | `{facts[key]}` |" for key in keys]
    return "\n".join(["## How it was made\n", "| | |", "| --- | --- |", *rows, ""])
