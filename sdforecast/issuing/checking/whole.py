"""All checks of a hub, in the order in which one fault makes others pointless."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast.issuing.checking import files, output
from sdforecast.issuing.checking.configuration import admin_faults, target_data_faults, tasks_faults
from sdforecast.issuing.checking.faults import Fault
from sdforecast.issuing.checking.files import UnreadableError
from sdforecast.issuing.checking.tasks import Round, rounds

MOST_FILES = 2000
_IGNORED = ("README", ".DS_Store")
_Config = Mapping[str, Any]


def check(folder: Path) -> list[Fault]:
    """Return every rule that the hub in `folder` breaks. Raises `InputError` if it is no hub."""
    files.folder(folder)
    found: list[Fault] = []
    admin = _config(folder, "admin", admin_faults, found)
    tasks = _config(folder, "tasks", tasks_faults, found)
    if admin is None or tasks is None:
        return found
    of = rounds(tasks, admin)
    names = tuple(dict.fromkeys(name for each in of.values() for name in each.task_ids))
    if (folder / "hub-config" / "target-data.json").exists():
        about = _config(folder, "target-data", lambda config: target_data_faults(config, names), found)
        if about is not None:
            found += _target_data(folder, about, of)
    known = _metadata(folder, found)
    return [*found, *_output(folder, str(admin.get("model_output_dir", "model-output")), of, known)]


def _config(
    folder: Path, name: str, faults: Callable[[_Config], Iterable[str]], found: list[Fault]
) -> dict[str, Any] | None:
    """Return a configuration file; None, and its faults in `found`, if it is not valid."""
    inside = f"hub-config/{name}.json"
    try:
        config = files.json_object(folder / inside)
        told = list(faults(config))
    except UnreadableError as error:
        config, told = {}, [str(error)]
    except (TypeError, AttributeError, KeyError):  # a list where an object is asked for, and the like
        config, told = {}, ["is not of the form that the schema gives"]
    found += [Fault("valid_config", inside, what, error=True) for what in told]
    return None if told else config


def _metadata(folder: Path, found: list[Fault]) -> set[str]:
    """Return the models that have metadata, and note what is wrong with them."""
    try:
        schema = files.json_object(folder / "hub-config" / "model-metadata-schema.json")
    except UnreadableError as error:
        what = str(error)
        found.append(Fault("metadata_schema_exists", "hub-config/model-metadata-schema.json", what, error=True))
        return {path.stem for path in (folder / "model-metadata").glob("*.y*ml")}
    known = set()
    for path in sorted((folder / "model-metadata").glob("*")):
        inside = f"model-metadata/{path.name}"
        if path.name.startswith(_IGNORED):
            continue
        if path.suffix not in (".yml", ".yaml"):
            found.append(Fault("metadata_file_ext", inside, "is not YAML", error=True))
            continue
        known.add(path.stem)
        try:
            about = files.yaml_mapping(path)
        except UnreadableError as error:
            found.append(Fault("metadata_matches_schema", inside, str(error), error=True))
            continue
        try:
            unlike = list(_unlike(about, schema))
        except (TypeError, AttributeError, KeyError):
            what = "is not a JSON schema that can be followed"
            found.append(Fault("metadata_schema_exists", "hub-config/model-metadata-schema.json", what, error=True))
            return known | {each.stem for each in (folder / "model-metadata").glob("*.y*ml")}
        found += [Fault("metadata_matches_schema", inside, what, error=True) for what in unlike]
        named = f"{about.get('team_abbr')}-{about.get('model_abbr')}"
        if about.get("model_id", named) != path.stem:
            found.append(Fault("metadata_file_name", inside, f"is about '{named[:60]}'", error=True))
    return known


_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "array": list, "object": dict, "integer": int, "number": (int, float),
}  # fmt: skip


def _unlike(value: Any, schema: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Yield where a value differs from a schema: the words of JSON Schema that metadata schemas use."""
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _KINDS and not isinstance(value, _KINDS[kind]):
        yield f"'{name}' is not of type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"'{name}' is none of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from _unlike_text(value, schema, name)
    elif isinstance(value, dict):
        yield from _unlike_object(value, schema)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for inner in value:
            yield from _unlike(inner, schema["items"], name)


def _unlike_text(value: str, schema: Mapping[str, Any], name: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)):
        yield f"'{name}' is longer than {schema['maxLength']} characters"
    try:
        matches = "pattern" not in schema or re.search(schema["pattern"], value[:1000])
    except re.error:  # of another dialect than Python's
        matches = True
    if not matches:
        yield f"'{name}' does not match {schema['pattern']}"


def _unlike_object(value: Mapping[Any, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"'{key}' is missing" for key in schema.get("required", []) if key not in value)
    for key, inner in value.items():
        if isinstance(properties.get(key), dict):
            yield from _unlike(inner, properties[key], key)
        elif schema.get("additionalProperties") is False:
            yield f"unknown property '{str(key)[:40]}'"


def _output(folder: Path, name: str, of: dict[str, Round], known: set[str]) -> Iterator[Fault]:
    root = folder / name
    if not root.resolve().is_relative_to(folder.resolve()):
        yield Fault("valid_config", "hub-config/admin.json", "model_output_dir leads out of the hub", error=True)
        return
    paths = sorted(path for path in root.glob("*/*") if not path.name.startswith(_IGNORED))
    if len(paths) > MOST_FILES:
        yield Fault("file_exists", name, f"has {len(paths)} files, more than {MOST_FILES}", error=True)
        return
    if not paths:
        yield Fault("file_exists", name, "has no file", error=True)
    for path in paths:
        told = list(output.name_faults(path, of, known))
        yield from told
        if not any(fault.error for fault in told):
            yield from output.data_faults(path, of)


def _target_data(folder: Path, about: _Config, of: dict[str, Round]) -> Iterator[Fault]:
    """Look at time-series.csv and oracle-output.csv."""
    for part, value in (("time-series", "observation"), ("oracle-output", "oracle_value")):
        path = folder / "target-data" / f"{part}.csv"
        inside = f"target-data/{part}.csv"
        if not path.exists():
            continue
        try:
            table = files.csv_table(path)
        except UnreadableError as error:
            yield Fault("target_file_read", inside, str(error), error=True)
            continue
        yield from (Fault(c, inside, what, error=e) for c, what, e in _counted(table, about, part, value, of))


def _counted(
    table: pd.DataFrame, about: _Config, part: str, value: str, of: dict[str, Round]
) -> Iterator[tuple[str, str, bool]]:
    own = about.get(part) or {}
    unit = list(own.get("observable_unit") or about["observable_unit"])
    versioned = bool(own.get("versioned", about.get("versioned", False)))
    ids = ["output_type", "output_type_id"] if own.get("has_output_type_ids") else []
    wanted = list(dict.fromkeys([*unit, about["date_col"], *(["as_of"] if versioned else []), *ids, value]))
    missing = [name for name in wanted if name not in table]
    strange = [name for name in table if name not in (*wanted, *own.get("non_task_id_schema", {}))]
    if missing or strange:
        yield "target_tbl_colnames", f"'{(missing or strange)[0]}' is {'missing' if missing else 'not asked for'}", True
        return
    for name in [about["date_col"], *(["as_of"] if versioned else [])]:
        wrong = table[~table[name].str.fullmatch(r"\d{4}-\d{2}-\d{2}")]
        if len(wrong):
            yield "target_tbl_coltypes", f"'{name}': '{str(wrong[name].iloc[0])[:20]}' is not a date", False
    numbers = pd.to_numeric(table[value], errors="coerce")
    if numbers.isna().any():
        yield "target_tbl_coltypes", f"'{value}' has cells that are no numbers", False
    key = [*unit, *ids, *(["as_of"] if versioned and part == "time-series" else [])]
    if table.duplicated(key).any():
        yield "target_tbl_rows_unique", f"{int(table.duplicated(key).sum())} rows stand twice", False
    for name in set(unit) - {about["date_col"]}:
        allowed = {word for each in of.values() for group in each.groups for word in group.allowed(name)}
        odd = table[~table[name].isin(allowed)]
        if len(odd):
            yield "target_tbl_values", f"'{str(odd[name].iloc[0])[:40]}' is no value of '{name}'", True
