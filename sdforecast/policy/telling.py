"""What a sensitivity analysis found, in sentences: whoever prints or publishes it takes them from here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.policy.discovering import Box, Case, Restriction
from sdforecast.policy.firmness import FITTED, KEPT, Sensitivity
from sdforecast.policy.screening import agreement
from sdforecast.policy.sobol import settled


def percent(part: float, digits: int = 2) -> str:
    """Return a share as a percentage of so many digits."""
    return f"{float(f'{100 * part:.{digits}g}'):g} %"


def chance(row: pd.Series) -> str:
    """Return a probability with its Monte Carlo error, or its bound where it is 0 or 1."""
    if row["probability"] == 0:
        return f"0 % (< {percent(row['high'], 1)})"
    if row["probability"] == 1:
        return f"100 % (> {100 * row['low']:.4g} %)"
    return f"{100 * row['probability']:.1f} % ± {100 * row['error']:.1f}"


def count(value: float, error: float | None = None) -> str:
    """Return a number of deaths to the digits that its error leaves, with the error."""
    if error is None or not np.isfinite(error):
        return f"{value:,.0f}"
    step = -max(0, int(np.floor(np.log10(error))) - 1) if error > 0 else 0
    return f"{round(value, step):,.0f} ± {round(error, step):,.0f}"


def pair_in_words(found: Sensitivity, fewer: str, than: str) -> list[str]:
    """Say how probable it is that one scenario has fewer deaths than another, over each set of draws."""
    rows = found.pairs[(found.pairs["fewer"] == fewer) & (found.pairs["than"] == than)]
    return [
        f"Over the {row['over']}, {fewer} has fewer deaths than {than} in {chance(row)} of the draws: on average "
        f"{count(row['margin'], row['margin_error'])} fewer, in nine of ten draws {_hundreds(row['p05'])} to "
        f"{_hundreds(row['p95'])}."
        for _, row in rows.iterrows()
    ]


def past_in_words(found: Sensitivity) -> str:
    """Say how far the runs over the ranges leave what was counted."""
    near = float((found.moved <= KEPT).mean())
    return (
        f"Draws over the ranges are not held to the data: the middle one moves deaths of 2013 to 2024 by "
        f"{percent(float(np.median(found.moved)))} a year, {percent(near)} of them by {percent(KEPT)} or less."
    )


def convergence_in_words(found: Sensitivity) -> list[str]:
    """Say how far figures moved when the number of runs was doubled."""
    lines = []
    for over, table in found.growing.groupby("over", sort=False):
        sizes = sorted(table["draws"].unique())
        if len(sizes) < 2:
            continue
        half, whole = (table[table["draws"] == size].set_index("scenario") for size in sizes[-2:])
        gap = (whole["probability"] - half["probability"]).abs().max()
        error = float(np.hypot(half["error"], whole["error"]).max())
        moved = (whole["regret"] - half["regret"]).abs()
        worst = str(moved.idxmax())
        lines.append(
            f"Over the {over}, from {sizes[-2]:,} to {sizes[-1]:,} draws no probability of being best moved by more "
            f"than {100 * gap:.1f} points (error {100 * error:.1f}), no expected regret by more than "
            f"{moved[worst]:,.0f} (error of {worst}: {whole.loc[worst, 'regret_error']:,.0f})."
        )
    for outcome in found.trio.outcomes:
        points = int(found.indices["points"].max())
        table = found.indices[(found.indices["points"] == points) & (found.indices["outcome"] == outcome)]
        lines.append(
            f"Sobol' indices of {outcome}: from {points // 2:,} to {points:,} points no total index moved by more than "
            f"{settled(found.indices, outcome):.3f}; widest interval ± {table['total_error'].max():.3f}."
        )
    strongest = min(10, len(found.assumptions))
    same = agreement(found.effects, found.trio.outcomes[1], strongest)
    lines.append(
        f"Screening: {round(same * strongest)} of the {strongest} strongest on the margin are so from half of the "
        "trajectories, too."
    )
    return lines


def drivers_in_words(found: Sensitivity, outcome: str) -> str:
    """Say which groups carry most of the spread of an outcome."""
    points = found.indices["points"].max()
    table = found.indices[(found.indices["points"] == points) & (found.indices["outcome"] == outcome)]
    first = table.sort_values("total", ascending=False).head(3)
    parts = [
        f"{row['group']} ({percent(max(row['total'], 0))} ± {100 * row['total_error']:.0f})"
        for _, row in first.iterrows()
    ]
    fitted = table.loc[table["group"] == FITTED, "first"].iloc[0]
    return (
        f"Most of the variance of {outcome} goes with {', '.join(parts)} (total indices); were {FITTED} known, "
        f"{percent(max(fitted, 0))} of it would go."
    )


def case_in_words(case: Case, units: dict[str, str]) -> list[str]:
    """Say how often something happens, and where."""
    if case.cases == 0 or case.cases == case.runs:
        return [f"{_capital(case.title)} {case.why}."]
    lines = [f"{_capital(case.title)} in {percent(case.probability)} ± {100 * case.error:.1f} of {case.runs:,} runs."]
    if not case.boxes:
        return [f"{lines[0][:-1]}; {case.why}."]
    return [*lines, *(box_in_words(box, units) for box in case.boxes)]


def box_in_words(box: Box, units: dict[str, str]) -> str:
    """Say what a box is and what it is worth in the half of the runs that it was not found in."""
    limits = " and ".join(_restriction(r, units.get(r.name, "")) for r in box.restrictions)
    return (
        f"{box.method}: where {limits}, it does in {percent(box.density)} ± {100 * box.density_error:.0f} of runs "
        f"({box.runs:,} of the half held out, {percent(box.mass)}); of all such runs, {percent(box.coverage)} ± "
        f"{100 * box.coverage_error:.0f} are there."
    )


def learning_in_words(found: Sensitivity, decision: str) -> str:
    """Say what knowing more would be worth for a choice."""
    whole = found.perfect[(found.perfect["decision"] == decision) & (found.perfect["of"] == "everything")].iloc[0]
    single = found.learned[found.learned["decision"] == decision]
    worth = worth_learning(single)
    every = found.perfect[(found.perfect["decision"] == decision) & (found.perfect["of"] == "all assumptions")].iloc[0]
    text = (
        f"Choice of {decision}: knowing everything would avert {count(whole['value'], whole['error'])} deaths, all "
        f"assumptions at least {count(every['value'], every['error'])}"
    )
    if worth.empty:
        return f"{text}; no single assumption, known alone, would change the choice to any effect that shows."
    parts = [f"{row['name']} {count(row['value'], row['error'])}" for _, row in worth.head(3).iterrows()]
    return f"{text}; of single assumptions, most would: {', '.join(parts)}."


def worth_learning(table: pd.DataFrame) -> pd.DataFrame:
    """Return the assumptions whose value shows in the half that the choice was not fitted to, too, most first."""
    shows = (table["value"] > 0) & (table["held_out"] > 2 * table["held_out_error"])
    return table[shows].sort_values("held_out", ascending=False, kind="stable")


def _restriction(of: Restriction, unit: str) -> str:
    unit = "" if unit in ("", "Dmnl") else f" {unit}"
    share = f"{percent(of.inside)} of draws" + ("" if np.isnan(of.p) else f", quasi-p {of.p:.1g}")
    if of.low is not None and of.high is not None:
        return f"'{of.name}' is {of.low:.3g} to {of.high:.3g}{unit} ({share})"
    side, limit = ("above", of.low) if of.low is not None else ("below", of.high)
    return f"'{of.name}' is {side} {limit:.3g}{unit} ({share})"


def _hundreds(value: float) -> str:
    return f"{round(value, -2):,.0f}".replace("-", "−")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
