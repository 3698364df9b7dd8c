"""The rules of a file of model output."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast.issuing.checking import sampled
from sdforecast.issuing.checking.configuration import LISTED
from sdforecast.issuing.checking.faults import Fault
from sdforecast.issuing.checking.files import UnreadableError, csv_table, parquet_table
from sdforecast.issuing.checking.tasks import STANDARD, Group, Round

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2}|[A-Za-z0-9_]+)-([A-Za-z0-9_]+-[A-Za-z0-9_]+)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_SHOWN = 3
"""So many rows of a fault are told."""


def name_faults(path: Path, rounds: dict[str, Round], metadata: set[str]) -> Iterator[Fault]:
    """Yield what is wrong with a file before it is opened."""
    inside = f"model-output/{path.parent.name}/{path.name}"
    match = _NAME.fullmatch(path.stem)
    if match is None:
        what = "is not <round>-<team>-<model>, of letters, digits and underscores"
        yield Fault("file_name", inside, what, error=True)
        return
    round_id, model = match.groups()
    if path.parent.name != model:
        yield Fault("file_location", inside, f"lies in '{path.parent.name}', not in '{model}'")
    if round_id not in rounds:
        yield Fault("round_id_valid", inside, f"'{round_id}' is no round of this hub", error=True)
    elif path.suffix[1:] not in rounds[round_id].formats:
        yield Fault("file_format", inside, f"'{path.suffix[1:]}' is no format of this hub", error=True)
    if model not in metadata:
        yield Fault("metadata_exists", inside, f"model-metadata/{model}.yml is missing", error=True)
    others = [each.name for each in sorted(path.parent.glob(f"{path.stem}.*")) if each != path]
    if others:
        yield Fault("file_n", inside, f"the round has another file of this model: {others[0]}")


def data_faults(path: Path, rounds: dict[str, Round]) -> Iterator[Fault]:
    """Yield what is wrong with the rows of a file whose name is right."""
    inside = f"model-output/{path.parent.name}/{path.name}"
    match = _NAME.fullmatch(path.stem)
    assert match is not None
    of = rounds[match[1]]
    types: dict[str, str] = {}
    try:
        if path.suffix == ".parquet":
            table, types = parquet_table(path)
        else:
            table = csv_table(path)
    except UnreadableError as error:
        yield Fault("file_read", inside, str(error), error=True)
        return
    for check, what, is_error in _faults(table, types, of):
        yield Fault(check, inside, what, is_error)


_Found = tuple[str, str, bool]


def _faults(table: pd.DataFrame, types: dict[str, str], of: Round) -> Iterator[_Found]:
    wanted = [*of.task_ids, *STANDARD]
    if sorted(table.columns) != sorted(wanted):
        missing = [name for name in wanted if name not in table]
        strange = [str(name)[:40] for name in table if name not in wanted]
        told = [*(f"'{name}' is missing" for name in missing), *(f"'{name}' is not asked for" for name in strange)]
        yield "colnames", "; ".join(told) or "a column stands twice", True
        return
    if table.empty:
        yield "req_vals", "has no rows", True
        return
    if of.variable:
        found = table[of.variable].unique()
        if len(found) > 1:
            yield "unique_round_id", f"'{of.variable}' has {len(found)} values", True
            return
        if found[0] != of.round_id:
            yield "match_round_id", f"'{of.variable}' is {found[0][:20]}, the name says {of.round_id}", True
            return
    yield from _types(table, types, of)
    invalid = ~_valid(table, of)
    if invalid.any():
        yield "valid_vals", f"{int(invalid.sum())} rows are of no task of this round: {_rows(table, invalid, of)}", True
        return
    yield from _rest(table, of)


def _rest(table: pd.DataFrame, of: Round) -> Iterator[_Found]:
    """Yield the faults of rows whose tasks are all known."""
    ids = list(of.task_ids)
    again = table.duplicated([*ids, "output_type", "output_type_id"])
    if again.any():
        yield "rows_unique", f"{int(again.sum())} rows stand twice: {_rows(table, again, of)}", False
    numbers = pd.to_numeric(table["value"], errors="coerce").to_numpy(float)
    for group in of.groups:
        inside = _inside(table, group, of)
        part, values = table[inside], numbers[inside]
        yield from _required(part, group, of)
        yield from _values(part, values, group, of)
        yield from _months(part, group, of)
        if "sample" in group.output_types:
            drawn = part[part["output_type"] == "sample"]
            yield from ((c, w, e) for c, w, e in sampled.faults(drawn, group, of)) if len(drawn) else ()


def _types(table: pd.DataFrame, types: dict[str, str], of: Round) -> Iterator[_Found]:
    """Compare the types of Parquet columns, and cells of CSV, with what the values of the tasks are."""
    for name in of.task_ids:
        allowed = set().union(*(group.allowed(name) for group in of.groups))
        kind, pattern = "text", None
        if all(_DAY.fullmatch(value) for value in allowed):
            kind, pattern = "date32[day]", _DAY
        elif all(_WHOLE.fullmatch(value) for value in allowed):
            kind, pattern = "int32", _WHOLE
        if types:
            fits = types[name] in {"text": ("string", "large_string")}.get(kind, (kind, kind.replace("32", "64")))
            if not fits:
                yield "col_types", f"'{name}' is {types[name]}, not {'string' if kind == 'text' else kind}", False
        elif pattern is not None:
            cells = [cell for cell in table[name].unique() if not pattern.fullmatch(cell)]
            if cells:
                what = "a date YYYY-MM-DD" if pattern is _DAY else "a whole number"
                yield "col_types", f"'{name}': '{cells[0][:20]}' is not {what}", False
    if types and types["value"] not in ("double", "int32", "int64", "float"):
        yield "col_types", f"'value' is {types['value']}, not double", False


def _inside(table: pd.DataFrame, group: Group, of: Round) -> np.ndarray:
    """Return which rows are tasks of a group."""
    found = np.ones(len(table), dtype=bool)
    for name in of.task_ids:
        found &= table[name].isin(group.allowed(name)).to_numpy()
    return found


def _valid(table: pd.DataFrame, of: Round) -> np.ndarray:
    """Return which rows are a task of a group, with an output type and id that it has."""
    found = np.zeros(len(table), dtype=bool)
    for group in of.groups:
        inside = _inside(table, group, of)
        for kind, about in group.output_types.items():
            rows = inside & (table["output_type"] == kind).to_numpy()
            found |= rows & _ids_valid(table["output_type_id"], kind, about)
    return found


def _ids_valid(ids: pd.Series, kind: str, about: dict[str, dict[str, object]]) -> np.ndarray:
    if kind in LISTED:
        return _canonicals(ids).isin(_levels(about)).to_numpy()
    if kind == "sample":
        params = about["output_type_id_params"]
        if params["type"] == "integer":
            return ids.str.fullmatch(r"\d+(\.0)?").fillna(False).to_numpy(bool)
        return ids.str.len().between(1, int(str(params.get("max_length", 1000)))).to_numpy()
    return ids.isin(["", "NA"]).to_numpy()


def _levels(about: dict[str, dict[str, object]]) -> set[str]:
    listed = about["output_type_id"]["required"]
    assert isinstance(listed, list)
    return {_canonical(str(level)) for level in listed}


def _canonicals(ids: pd.Series) -> pd.Series:
    return ids.map({cell: _canonical(cell) for cell in ids.unique()})


def _canonical(cell: str) -> str:
    try:
        return f"{float(cell):.10g}"
    except ValueError:
        return cell


def _required(part: pd.DataFrame, group: Group, of: Round) -> Iterator[_Found]:
    """Look for required tasks, and for required levels of the tasks that are there."""
    ids = [name for name in of.task_ids if name not in of.derived]
    asked = [name for name in ids if group.required[name]]
    kinds = [k for k, about in group.output_types.items() if about["is_required"] or (part["output_type"] == k).any()]
    for kind in kinds:
        rows = part[part["output_type"] == kind]
        yield from _absent(rows, kind, group, [name for name in ids if name not in asked], asked)
        if kind in LISTED:
            wanted = _levels(group.output_types[kind])
            held = _canonicals(rows["output_type_id"]).groupby([rows[name] for name in ids], sort=False).nunique()
            short = held[held < len(wanted)]
            if len(short):
                what = f"{kind}: {len(short)} tasks have not all {len(wanted)} levels, as {_named(ids, short.index[0])}"
                yield "req_vals", what, False


def _absent(rows: pd.DataFrame, kind: str, group: Group, free: list[str], asked: list[str]) -> Iterator[_Found]:
    """Look for the required values of `asked`, in every combination, for each task id that is `free` and was given."""
    wanted = set(itertools.product(*(group.required[name] for name in asked)))
    given = rows[[*free, *asked]].drop_duplicates()
    parts = given.groupby(free, sort=False) if free else [((), given)]
    missing = [
        (*(key if isinstance(key, tuple) else (key,)), *each)
        for key, part in parts
        for each in sorted(wanted - set(part[asked].itertuples(index=False, name=None)))
    ]
    if given.empty and wanted:
        missing = [(*("any" for _ in free), *each) for each in sorted(wanted)]
    if missing:
        yield (
            "req_vals",
            f"{kind}: {len(missing)} required tasks are missing, as {_named([*free, *asked], missing[0])}",
            False,
        )


def _values(part: pd.DataFrame, values: np.ndarray, group: Group, of: Round) -> Iterator[_Found]:
    for kind, about in group.output_types.items():
        rows = (part["output_type"] == kind).to_numpy()
        if not rows.any() or about["value"]["type"] == "character":
            continue
        numbers = values[rows]
        wrong = ~np.isfinite(numbers)
        wrong |= numbers < about["value"].get("minimum", -np.inf)
        wrong |= numbers > about["value"].get("maximum", np.inf)
        if about["value"]["type"] == "integer":
            wrong |= numbers != np.floor(numbers)
        if wrong.any():
            cell = part["value"].to_numpy()[rows][wrong][0]
            yield "value_col_valid", f"{kind}: {int(wrong.sum())} values are not allowed, as '{str(cell)[:20]}'", False
            continue
        if kind in ("quantile", "cdf"):
            yield from _ascending(part[rows], numbers, kind, of)
        if kind == "pmf":
            sums = pd.Series(numbers).groupby([part[rows][name].to_numpy() for name in of.task_ids]).sum()
            off = int((abs(sums - 1) > 1e-6).sum())
            if off:
                yield "value_col_sum1", f"{off} tasks have chances that do not sum to 1", False


def _ascending(rows: pd.DataFrame, values: np.ndarray, kind: str, of: Round) -> Iterator[_Found]:
    task = rows.groupby(list(of.task_ids), sort=False).ngroup().to_numpy()
    level = pd.to_numeric(rows["output_type_id"], errors="coerce").to_numpy(float)
    order = np.lexsort((level, task))
    falls = (np.diff(values[order]) < 0) & (np.diff(task[order]) == 0)
    if falls.any():
        first = rows.iloc[order[1:][falls][0]]
        what = f"{kind}: values fall with the level in {len(set(task[order][1:][falls]))} tasks, as "
        yield "value_col_non_desc", what + _named(of.task_ids, [first[name] for name in of.task_ids]), False


def _months(part: pd.DataFrame, group: Group, of: Round) -> Iterator[_Found]:
    """Compare horizon, the round's date and the date of the target where all three are there."""
    columns = {of.variable, "horizon", "target_end_date"}
    if not of.variable or not group.step or not columns <= set(of.task_ids) or part.empty:
        return
    tasks = part[sorted(columns)].drop_duplicates()
    start, end = (pd.to_datetime(tasks[name], errors="coerce") for name in (of.variable, "target_end_date"))
    if group.step == "month":
        after = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    else:
        after = (end - start).dt.days // {"day": 1, "week": 7}[group.step]
    wrong = ~(after == pd.to_numeric(tasks["horizon"], errors="coerce"))
    if wrong.any():
        first = tasks[wrong].iloc[0]
        what = f"horizon {first['horizon']} is not {first['target_end_date']} in {int(wrong.sum())} tasks"
        yield "horizon_timediff", what, False


def _rows(table: pd.DataFrame, which: pd.Series | np.ndarray, of: Round) -> str:
    names = [*of.task_ids, "output_type", "output_type_id"]
    return "; ".join(_named(names, row) for row in table[which][names].head(_SHOWN).itertuples(index=False))


def _named(names: Sequence[str], values: Sequence[object]) -> str:
    return ", ".join(f"{name} '{str(value)[:40]}'" for name, value in zip(names, values, strict=True))
