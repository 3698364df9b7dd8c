"""A newer file of the CDC's table, taken into a history: beside the vintages before it, none of which is lost.

The folder's `death_vintages.csv` gets the file's sums of twelve months as a further vintage, and every row that makes
way in `deaths.csv`. There the file's sums, the calendar years (its December rows) and the single months take the place
of the older ones. Months are differences of the sums, `x(m) = x(m - 12) + S(m) - S(m - 1)`; how the first sum divides
over its months is kept.

The file does not say which years are closed. A year counts as closed if it was so in the history, or if the file is of
July of the second year after it or later: by then every year since 2015 was. `closed` says it otherwise.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from sdforecast import shipped
from sdforecast.errors import CheckError, InputError, MachineError, Problem
from sdforecast.history.checking import check
from sdforecast.history.descriptions import load_descriptions
from sdforecast.history.exchanging import appended, exchanged
from sdforecast.history.reading import load, load_vintages
from sdforecast.history.vocabulary import USABLE
from sdforecast.history.vsrr import Published
from sdforecast.history.vsrr_rows import LEADING, made_of, sums_of
from sdforecast.writing import write_text

CURRENT, VINTAGES = "deaths.csv", "death_vintages.csv"
MOVES = 0.2
"""A count that moves by more than this part is told."""

_CLOSING = 7
_KEY = ["series", "period_start", "period_end", "aggregation", "geography", "breakdown", "status", "vintage"]


@dataclass(frozen=True)
class Update:
    """What an update would write.

    Attributes
    ----------
    folder, vintage : where, and the date of the file.
    last_before, last : last month counted, before and now.
    closed : last closed year.
    added : rows that the vintages get; replaced : rows that make way in `deaths.csv` (all are kept as vintages).
    revised : months whose sum changed: series, twelve_months_to, before, now.
    warnings : what is odd.
    texts : the files, by name.
    """

    folder: Path
    vintage: str
    last_before: str
    last: str
    closed: int
    added: int
    replaced: int
    revised: list[dict[str, object]]
    warnings: tuple[str, ...]
    texts: dict[str, str] = field(repr=False)


def prepare(published: Published, folder: Path, vintage: str, name: str, closed: int | None = None) -> Update:
    """Return what an update of the history in `folder` would write, after checking it.

    Parameters
    ----------
    vintage : date of the file, YYYY-MM-DD.
    name : what the file is called in messages.
    closed : last year that the publisher has closed.

    Raises
    ------
    InputError : a vintage that is there already or older than the newest, a file that ends before the history does,
        gaps, a date that is none.
    CheckError : the history would not hold together afterwards.
    """
    observed, vintages = load(folder), load_vintages(folder)
    current = _occurring(observed)
    _dated(vintage, published.rows, current, vintages, name)
    _whole(published.rows, current, name)
    year = _closed(current, vintage, closed)
    fresh = made_of(published.rows, current, vintage, year)
    there = set(zip(fresh["series"], fresh["aggregation"], strict=True))
    old = current[[pair in there for pair in zip(current["series"], current["aggregation"], strict=True)]]
    texts = {
        CURRENT: exchanged(folder / CURRENT, old, fresh),
        VINTAGES: appended(folder / VINTAGES, pd.concat([_unknown(old, vintages), _vintage_rows(fresh)])),
    }
    revised = _revised(old, fresh)
    update = Update(
        folder=folder,
        vintage=vintage,
        last_before=f"{_last(current):%Y-%m}",
        last=f"{published.rows.loc[published.rows['series'].isin(LEADING), 'period_end'].max():%Y-%m}",
        closed=year,
        added=len(_vintage_rows(fresh)),
        replaced=len(old),
        revised=revised,
        warnings=(*published.warnings, *_odd(published.rows, revised, current)),
        texts=texts,
    )
    _sound(update)
    return update


def write(update: Update) -> None:
    """Write the files of an update; if the second cannot be written, the first is as before. Raises `MachineError`."""
    first = update.folder / VINTAGES
    try:
        before = first.read_bytes() if first.exists() else b""
    except OSError as error:
        raise MachineError(Problem(f"cannot be read: {error.strerror or error}", file=str(first))) from error
    write_text(first, update.texts[VINTAGES])
    try:
        write_text(update.folder / CURRENT, update.texts[CURRENT])
    except MachineError:
        first.write_bytes(before)
        raise


def begin(folder: Path) -> bool:
    """Copy the shipped history into a folder that is not there or empty; return whether it was.

    Raises `MachineError` where it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        return False
    try:
        shutil.copytree(shipped.history_dir(), folder, dirs_exist_ok=True)
    except OSError as error:
        raise MachineError(Problem(f"cannot write here: {error.strerror or error}", file=str(folder))) from error
    return True


def _occurring(observed: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `deaths.csv` that VSRR stands behind: national, by place of occurrence."""
    wanted = observed["file"].map(lambda path: Path(path).name == CURRENT)
    found = observed[wanted & observed["breakdown"].eq("occurrence") & observed["geography"].eq("US")]
    if found.empty:
        what = f"has no rows by place of occurrence in {CURRENT}"
        raise InputError(Problem(what, hint="name a folder with our history, or a new one"))
    return found


def _last(current: pd.DataFrame) -> pd.Timestamp:
    return pd.Timestamp(min(sums_of(current, series)["period_end"].max() for series in LEADING))


def _dated(vintage: str, rows: pd.DataFrame, current: pd.DataFrame, vintages: pd.DataFrame, name: str) -> None:
    try:
        day = date.fromisoformat(vintage)
    except ValueError as error:
        raise InputError(Problem(f"'{vintage[:20]}' is not a date", hint="write --vintage YYYY-MM-DD")) from error
    held = pd.concat([current, vintages])
    held = held[held["series"].isin(LEADING)]
    newest = str(held["vintage"].max())
    if vintage in set(held["vintage"]):
        raise InputError(Problem(f"the vintage {vintage} is in the history already", file=name))
    if vintage < newest:
        what = f"the vintage {vintage} is older than the newest in the history, {newest}"
        raise InputError(Problem(what, file=name, hint="the date of the file is set with --vintage"))
    last = rows["period_end"].max()
    if pd.Timestamp(day) <= last:
        what = f"has deaths to {last:%Y-%m}, which a file of {vintage} cannot know"
        raise InputError(Problem(what, file=name, hint="the date of the file is set with --vintage"))


def _whole(rows: pd.DataFrame, current: pd.DataFrame, name: str) -> None:
    """Raise `InputError` if a leading series is not there month for month, from the first that we hold to the last."""
    for series in LEADING:
        held, found = sums_of(current, series)["period_end"], rows[rows["series"] == series]["period_end"]
        if found.empty:
            raise InputError(Problem(f"has no national rows of {series}", file=name))
        if found.max() < held.max():
            what = f"ends with {found.max():%Y-%m}; the history has {series} to {held.max():%Y-%m}"
            raise InputError(Problem(what, file=name, hint="the file is older than what we hold"))
        expected = pd.date_range(held.min(), found.max(), freq="ME")
        missing = expected.difference(pd.DatetimeIndex(found))
        if len(missing):
            raise InputError(Problem(f"has no {series} of {missing[0]:%Y-%m}", file=name, hint="give the whole table"))


def _closed(current: pd.DataFrame, vintage: str, told: int | None) -> int:
    day = date.fromisoformat(vintage)
    held = current[current["series"].isin(LEADING) & current["status"].eq("final")]["period_end"].max()
    known = int(held.year) if held == held else 2014
    by_rule = day.year - 2 if day.month >= _CLOSING else day.year - 3
    if told is None:
        return max(known, by_rule)
    if not known <= told < day.year:
        what = f"{told} cannot be the last closed year of a file of {vintage}"
        raise InputError(Problem(what, hint=f"{known} to {day.year - 1}"))
    return told


def _vintage_rows(fresh: pd.DataFrame) -> pd.DataFrame:
    """Return what the vintages get of a file: the sums of the leading series."""
    return fresh[fresh["series"].isin(LEADING) & fresh["aggregation"].eq("12-month-ending")]


def _unknown(old: pd.DataFrame, vintages: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `old` that no vintage has."""
    known = set(vintages[_KEY].itertuples(index=False, name=None))
    return old[[key not in known for key in old[_KEY].itertuples(index=False, name=None)]]


def _revised(old: pd.DataFrame, fresh: pd.DataFrame) -> list[dict[str, object]]:
    key = ["series", "period_end"]
    parts = [
        rows[rows["aggregation"].eq("12-month-ending") & rows["status"].isin(USABLE)].set_index(key)["value"]
        for rows in (old, fresh)
    ]
    both = pd.concat(parts, axis=1, keys=["before", "now"]).dropna()
    moved = both[both["before"] != both["now"]].reset_index()
    return [
        {"series": row.series, "twelve_months_to": f"{row.period_end:%Y-%m}", "before": row.before, "now": row.now}
        for row in moved.itertuples()
    ]


def _odd(rows: pd.DataFrame, revised: list[dict[str, object]], current: pd.DataFrame) -> Iterator[str]:
    for each in revised:
        before, now = float(str(each["before"])), float(str(each["now"]))
        if abs(now - before) > MOVES * before:
            word = "falls" if now < before else "rises"
            yield f"{each['series']} {each['twelve_months_to']} {word} from {before:,.0f} to {now:,.0f}"
    for series, part in rows.groupby("series"):
        change = part.set_index("period_end")["value"].pct_change(fill_method=None)
        jumps = change[change.abs() > MOVES]
        if len(jumps):
            yield f"{series} jumps by {100 * jumps.iloc[0]:+.0f} % from one month to the next in {jumps.index[0]:%Y-%m}"
    gone = sorted(set(current["series"]) - set(rows["series"]))
    if gone:
        yield f"the file has no {', '.join(gone)}: their older rows stay"


def _sound(update: Update) -> None:
    """Raise `CheckError` if the history would not hold together afterwards: it is read and checked in a copy."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for path in update.folder.iterdir():
            if path.is_file() and path.suffix in (".csv", ".toml"):
                shutil.copyfile(path, copy / path.name)
        for file, text in update.texts.items():
            (copy / file).write_text(text, encoding="utf-8", newline="")
        described = load_descriptions(copy)
        found = [*check(load(copy), described), *check(load_vintages(copy), described, by_vintage=True)]
    if found:
        raise CheckError(
            *(Problem(f"after the update, {each.what}", each.file and Path(each.file).name) for each in found)
        )
