"""The next edition beside the one before: what went in, what it says of the same months, how the last one did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.evaluation.levels import TARGETS
from sdforecast.issuing.archive import Edition
from sdforecast.issuing.evaluating import evaluate, quantiles_of

FACTS = {
    "counted to": ("reference_date",),
    "data vintage of the fit": ("forecast", "data_vintage"),
    "model": ("forecast", "model_sha256"),
    "structures": ("forecast", "structures"),
    "posterior": ("forecast", "posterior", "created"),
    "targets": ("forecast", "posterior", "targets_sha256"),
    "history of the fit": ("forecast", "posterior", "history_sha256"),
    "version": ("forecast", "sdforecast"),
    "scenarios": ("forecast", "scenarios"),
    "draws": ("forecast", "draws"),
    "seed": ("forecast", "seed"),
}
"""What is compared between two editions, and where a manifest has it."""

_SHOWN = (0.05, 0.5, 0.95)
_LONG = 12
"""Of a hash so many digits are shown."""


@dataclass(frozen=True)
class Since:
    """What changed since an edition.

    Attributes
    ----------
    previous : its day.
    changed : what differs of `FACTS`: what, before, now.
    months : 12-month sums of the same months, median and nine in ten, before and now.
    scores : how the previous edition did on what was counted since, one row a kind and target.
    waiting : whether no month that it foretold was counted yet.
    """

    previous: str
    changed: list[dict[str, str]]
    months: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    waiting: bool

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON may hold it."""
        return asdict(self)


def since(previous: Edition, manifest: dict[str, Any], hub: Path, observed: pd.DataFrame) -> Since:
    """Compare a new forecast with the edition before.

    Parameters
    ----------
    manifest : `forecast` (the manifest of the new forecast), `reference_date` and `reference_scenario`.
    hub : the new hub.
    observed : the history as it stands today.

    Raises `InputError` where one of the two cannot be read, `MachineError` without the extra `evaluate`.
    """
    new = Edition("", hub.parent, manifest, "")
    if hub.name != previous.hub.name:
        raise InputError(Problem("is not the hub of a forecast", file=str(hub)))
    done = evaluate([previous], observed)
    summary = done.summary.astype(object).where(done.summary.notna(), None) if len(done.summary) else done.summary
    rows = [{str(key): value for key, value in row.items()} for row in summary.to_dict("records")]
    return Since(previous.day, _changed(previous.manifest, manifest), _months(previous, new), rows, bool(done.waiting))


def _changed(before: dict[str, Any], now: dict[str, Any]) -> list[dict[str, str]]:
    found = []
    for what, keys in FACTS.items():
        old, new = _at(before, keys), _at(now, keys)
        if old != new:
            found.append({"what": what, "before": _short(old), "now": _short(new)})
    return found


def _at(record: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _short(value: Any) -> str:
    if value is None:
        return "not told"
    if isinstance(value, list):
        value = ", ".join(
            f"{each.get('name')} {each.get('weight')}" if isinstance(each, dict) else str(each) for each in value
        )
    text = str(value)
    return text[:_LONG] if len(text) == 64 else text[:80]


def _months(before: Edition, now: Edition) -> list[dict[str, Any]]:
    """Return the June and December sums that both foretell: three years of them, then every second December."""
    old, new = _wide(before), _wide(now)
    both = old.index.intersection(new.index)
    rows = []
    for target in TARGETS:
        for end in sorted(end for name, end in both if name == target):
            near = end <= pd.Timestamp(now.manifest["reference_date"]) + pd.offsets.MonthEnd(36)
            if end <= pd.Timestamp(before.manifest["reference_date"]):
                continue
            if end.month not in (6, 12) or (not near and (end.month == 6 or end.year % 2 == 0)):
                continue
            was, is_ = old.loc[(target, end)], new.loc[(target, end)]
            rows.append(
                {
                    "target": target, "twelve_months_to": f"{end:%Y-%m}",
                    "before": float(was[0.5]), "before_low": float(was[0.05]), "before_high": float(was[0.95]),
                    "now": float(is_[0.5]), "now_low": float(is_[0.05]), "now_high": float(is_[0.95]),
                }
            )  # fmt: skip
    return rows


def _wide(edition: Edition) -> pd.DataFrame:
    table = quantiles_of(edition)
    shown = table[table["quantile"].round(6).isin(_SHOWN) & table["target"].isin(TARGETS)]
    return shown.pivot_table(index=["target", "target_end_date"], columns="quantile", values="value")
