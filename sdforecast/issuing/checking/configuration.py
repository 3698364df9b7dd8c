"""The rules of the four configuration files: what the schemas of v6.0.0 say, written as checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

FORMATS = ("csv", "parquet", "arrow")
TARGET_TYPES = ("continuous", "discrete", "date", "binary", "nominal", "ordinal", "compositional")
TIME_UNITS = ("day", "week", "month")
DATATYPES = ("auto", "character", "double", "integer", "logical", "Date")
OUTPUT_TYPES = ("mean", "median", "quantile", "cdf", "pmf", "sample")
LISTED = ("quantile", "cdf", "pmf")
ROUND_ID = re.compile(r"\d{4}-\d{2}-\d{2}|[A-Za-z0-9_]+", re.ASCII)

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Mexico",
            "Pacific", "US")  # fmt: skip
_VERSION = re.compile(r"https://raw\.githubusercontent\.com/hubverse-org/schemas/main/v(\d+)\.\d+\.\d+/[a-z-]+\.json")
_ADMIN = ("schema_version", "name", "maintainer", "contact", "repository", "file_format", "timezone")
_ADMIN_MORE = ("zoltar_project_id", "citation", "model_output_dir", "cloud", "additional_metadata")
_ROUND = ("round_id_from_variable", "round_id", "model_tasks", "submissions_due")
_ROUND_MORE = ("round_name", "last_data_date", "file_format", "derived_task_ids", "additional_metadata")
_TASK = ("task_ids", "output_type", "target_metadata")
_TARGET = ("target_id", "target_name", "target_units", "target_type", "target_keys", "is_step_ahead")
_TARGET_MORE = ("description", "time_unit", "uri", "alternative_name", "additional_metadata")
_LONGEST = {"target_id": 30, "target_name": 100, "target_units": 100}
_SAMPLE = ("type", "min_samples_per_task", "max_samples_per_task")
_SAMPLE_MORE = ("max_length", "compound_taskid_set")


def admin_faults(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with `admin.json`."""
    yield from _keys(found, _ADMIN, _ADMIN_MORE)
    yield from _version(found)
    formats = found.get("file_format")
    if not isinstance(formats, list) or not formats or not set(map(str, formats)) <= set(FORMATS):
        yield f"file_format is not a list of {', '.join(FORMATS)}"
    zone = str(found.get("timezone"))
    if zone.partition("/")[0] not in _REGIONS or zone not in available_timezones():
        yield f"timezone '{zone[:40]}' is not on the schema's list, which has places such as America/New_York, no UTC"
    if isinstance(found.get("repository"), dict) and found["repository"].get("host") != "github":
        yield "repository.host is not 'github'"


def tasks_faults(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with `tasks.json`."""
    yield from _keys(found, ("schema_version", "rounds"), ("output_type_id_datatype", "derived_task_ids",
                                                           "additional_metadata"))  # fmt: skip
    yield from _version(found)
    if found.get("output_type_id_datatype", "auto") not in DATATYPES:
        yield f"output_type_id_datatype is none of {', '.join(DATATYPES)}"
    rounds = found.get("rounds")
    if not isinstance(rounds, list) or not rounds:
        yield "rounds is not a list of rounds"
        return
    for k, each in enumerate(rounds):
        if not isinstance(each, dict):
            yield f"round {k + 1} is not an object"
            continue
        yield from (f"round {k + 1}: {fault}" for fault in _round(each, found))


def _round(found: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterator[str]:
    faults = [*_keys(found, _ROUND, _ROUND_MORE)]
    yield from faults
    groups = found.get("model_tasks")
    if faults or not isinstance(groups, list) or not groups or not all(isinstance(each, dict) for each in groups):
        if not faults:
            yield "model_tasks is not a list of objects"
        return
    if not found["round_id_from_variable"] and not ROUND_ID.fullmatch(str(found["round_id"])):
        yield "round_id is neither a date nor letters, digits and underscores"
    derived = found.get("derived_task_ids", tasks.get("derived_task_ids")) or []
    for k, group in enumerate(groups):
        yield from (f"model task {k + 1}: {fault}" for fault in _group(group, found, derived))


def _group(found: Mapping[str, Any], of: Mapping[str, Any], derived: list[str]) -> Iterator[str]:
    missing = [*_keys(found, _TASK, ())]
    yield from missing
    ids = found.get("task_ids")
    if missing:
        return
    if not isinstance(ids, dict) or not ids:
        yield "task_ids is not an object of task ids"
        return
    for name, values in ids.items():
        yield from _task_id(name, values)
    if of["round_id_from_variable"] and of["round_id"] not in ids:
        yield f"the task id '{of['round_id']}' that names the round is missing"
    yield from (f"derived_task_ids names '{name}', which is no task id" for name in derived if name not in ids)
    yield from _output_types(found["output_type"], ids, derived)
    targets = found["target_metadata"] if isinstance(found["target_metadata"], list) else []
    if not targets:
        yield "target_metadata is empty"
    for target in targets:
        yield from _target(target, ids)


def _task_id(name: str, values: object) -> Iterator[str]:
    if not isinstance(values, dict) or set(values) != {"required", "optional"}:
        yield f"task id '{name}' has not just 'required' and 'optional'"
        return
    lists = [values["required"], values["optional"]]
    if not all(each is None or isinstance(each, list) for each in lists):
        yield f"task id '{name}': values are neither a list nor null"
        return
    if not all(isinstance(value, str | int | float) for each in lists for value in each or []):
        yield f"task id '{name}' has a value that is neither text nor a number"
        return
    every = [str(value) for each in lists for value in each or []]
    if len(set(every)) != len(every):
        yield f"task id '{name}' has a value twice"


def _output_types(found: object, ids: Mapping[str, Any], derived: list[str]) -> Iterator[str]:
    if not isinstance(found, dict) or not found:
        yield "output_type is empty"
        return
    for kind, about in found.items():
        if kind not in OUTPUT_TYPES:
            yield f"unknown output type '{kind}'"
            continue
        part = "output_type_id_params" if kind == "sample" else "output_type_id"
        missing = [name for name in (part, "value", "is_required") if not isinstance(about, dict) or name not in about]
        if missing:
            yield f"output type '{kind}' has no '{missing[0]}'"
            continue
        if about["value"].get("type") not in ("double", "integer", "character"):
            yield f"output type '{kind}': value has no type"
        if not all(isinstance(about["value"].get(name, 0), int | float) for name in ("minimum", "maximum")):
            yield f"output type '{kind}': smallest or largest value is no number"
        if kind in LISTED:
            yield from _listed(kind, about[part])
        elif kind == "sample":
            yield from _sample(about[part], ids, derived)


def _listed(kind: str, about: object) -> Iterator[str]:
    levels = about.get("required") if isinstance(about, dict) else None
    if not isinstance(about, dict) or set(about) != {"required"} or not isinstance(levels, list) or not levels:
        yield f"output type '{kind}': output_type_id has not just 'required', a list (no level is optional since v4)"
    elif kind == "quantile" and not all(isinstance(v, int | float) and 0 <= v <= 1 for v in levels):
        yield "quantile levels are numbers from 0 to 1"
    elif len(set(map(str, levels))) != len(levels):
        yield f"output type '{kind}' has a level twice"


def _sample(about: Mapping[str, Any], ids: Mapping[str, Any], derived: list[str]) -> Iterator[str]:
    missing = [*_keys(about, _SAMPLE, _SAMPLE_MORE)]
    yield from (f"output type 'sample': {fault}" for fault in missing)
    if not missing and not 1 <= about["min_samples_per_task"] <= about["max_samples_per_task"]:
        yield "output type 'sample': fewest and most samples are not in order"
    for name in about.get("compound_taskid_set") or []:
        if name not in ids or name in derived:
            yield f"compound_taskid_set names '{name}', which is no task id, or a derived one"


def _target(found: Mapping[str, Any], ids: Mapping[str, Any]) -> Iterator[str]:
    missing = [*_keys(found, _TARGET, _TARGET_MORE)]
    yield from (f"target_metadata: {fault}" for fault in missing)
    if missing:
        return
    for name, longest in _LONGEST.items():
        if not isinstance(found[name], str) or len(found[name]) > longest:
            yield f"{name} '{str(found[name])[:40]}' is longer than {longest} characters"
    if found["target_type"] not in TARGET_TYPES:
        yield f"target_type '{found['target_type']}' is none of {', '.join(TARGET_TYPES)}"
    if found["is_step_ahead"] and found.get("time_unit") not in TIME_UNITS:
        yield f"'{found['target_id']}' steps ahead without a time_unit of {', '.join(TIME_UNITS)}"
    keys = found["target_keys"]
    if keys is None:
        return
    if not isinstance(keys, dict) or len(keys) != 1:
        yield f"target_keys of '{found['target_id']}' is not exactly one key"
        return
    ((name, value),) = keys.items()
    values = ids.get(name) or {}
    if value not in [*(values.get("required") or []), *(values.get("optional") or [])]:
        yield f"target_keys of '{found['target_id']}': '{value}' is no value of the task id '{name}'"


def target_data_faults(found: Mapping[str, Any], task_ids: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with `target-data.json`."""
    missing = [*_keys(found, ("schema_version", "observable_unit", "date_col"),
                      ("versioned", "time-series", "oracle-output", "additional_metadata"))]  # fmt: skip
    yield from missing
    yield from _version(found)
    if missing:
        return
    if not isinstance(found["date_col"], str):
        yield "date_col is not the name of a column"
        return
    parts = {"": found, "time-series": found.get("time-series", {}), "oracle-output": found.get("oracle-output", {})}
    more = {"time-series": ("non_task_id_schema",), "oracle-output": ("has_output_type_ids",)}
    for part, about in parts.items():
        unit = about.get("observable_unit")
        if not (unit is None and part) and not (isinstance(unit, list) and unit and all(map(_is_text, unit))):
            yield f"{part} observable_unit is not a list of columns".strip()
            continue
        for name in unit or []:
            if name not in (*task_ids, found["date_col"]):
                yield f"{part} observable_unit names '{name}', which is no task id".strip()
        if part:
            yield from (f"{part}: {fault}" for fault in _keys(about, (), ("observable_unit", "versioned", *more[part])))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _version(found: Mapping[str, Any]) -> Iterator[str]:
    match = _VERSION.fullmatch(str(found.get("schema_version")))
    if match is None:
        yield "schema_version is not the address of a schema of the hubverse"
    elif int(match[1]) < 6:
        yield f"schema_version is v{match[1]}: these rules are those of v6"


def _keys(found: Mapping[str, Any], needed: tuple[str, ...], more: tuple[str, ...]) -> Iterator[str]:
    yield from (f"'{name}' is missing" for name in needed if name not in found)
    yield from (f"unknown property '{str(name)[:40]}'" for name in found if name not in (*needed, *more))
