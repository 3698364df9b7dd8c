from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from sdforecast.scenario import InstrumentChange, Scenario, instrument_ids, json_schema, load, locate, shipped
from sdforecast.shipped import scenarios_dir

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "number": (int, float), "integer": (int,),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
ANNOTATIONS = {"$schema", "$defs", "title", "description", "default"}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    """Apply the part of JSON Schema that our schema uses; an unknown keyword fails the test."""
    return [
        fault
        for word, rule in schema.items()
        if word not in ANNOTATIONS
        for fault in (_NESTED[word](value, rule, schema, root) if word in _NESTED else _plain(word, value, rule))
    ]


def _plain(word: str, value: Any, rule: Any) -> list[str]:
    if word == "type":
        fits = isinstance(value, TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool))
        return [] if fits else [f"type {rule}: {value!r}"]
    if word == "required":
        return [f"missing {key}" for key in rule if key not in value]
    if word.startswith(("minimum", "maximum")) and not isinstance(value, int | float):
        return [f"{word} {value!r}"]
    return [] if _HOLDS[word](value, rule) else [f"{word} {value!r}"]


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "enum": lambda value, rule: value in rule,
    "pattern": lambda value, rule: re.search(rule, str(value)) is not None,
    "minimum": lambda value, rule: value >= rule,
    "maximum": lambda value, rule: value <= rule,
    "minLength": lambda value, rule: len(value) >= rule,
    "maxLength": lambda value, rule: len(value) <= rule,
}


def _other_keys(value: Any, rule: Any, schema: Any, root: Any) -> list[str]:
    others = value.keys() - schema.get("properties", {}).keys()
    if rule is False:
        return [f"key {key}" for key in others]
    return [fault for key in others for fault in faults(value[key], rule, root)]


_NESTED: dict[str, Callable[[Any, Any, Any, Any], list[str]]] = {
    "$ref": lambda value, rule, _, root: faults(value, root["$defs"][rule.rpartition("/")[2]], root),
    "anyOf": lambda value, rule, _, root: [] if any(not faults(value, one, root) for one in rule) else ["anyOf"],
    "properties": lambda value, rule, _, root: [
        fault for key in rule.keys() & value.keys() for fault in faults(value[key], rule[key], root)
    ],
    "propertyNames": lambda value, rule, _, root: [fault for key in value for fault in faults(key, rule, root)],
    "items": lambda value, rule, _, root: [fault for item in value for fault in faults(item, rule, root)],
    "additionalProperties": _other_keys,
}


def read_plainly(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(locate(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", shipped())
def test_the_json_schema_accepts_what_is_shipped(name: str) -> None:
    assert faults(read_plainly(name), json_schema(), json_schema()) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"instrument": "mood"}, "enum 'mood'"),
        ({"intensity": 1.5}, "maximum 1.5"),
        ({"intensity": "0.5"}, "type number: '0.5'"),
        ({"start": "2027-13"}, "pattern '2027-13'"),
        ({"ramp_months": -1}, "minimum -1"),
        ({"ramp_months": 2.5}, "type integer: 2.5"),
        ({"consent": "yes"}, "anyOf"),
        ({"until": "2028-01"}, "key until"),
    ],
)
def test_the_json_schema_refuses_what_the_reader_refuses(change: dict[str, Any], fault: str) -> None:
    data = read_plainly("military-only")
    data["instruments"][0].update(change)
    assert fault in faults(data, json_schema(), json_schema())


def test_every_key_is_explained_in_the_schema_and_in_the_guide() -> None:
    schema = json_schema()
    guide = (scenarios_dir() / "README.md").read_text(encoding="utf-8")
    for record in (schema, schema["$defs"]["InstrumentChange"]):
        for key, rule in record["properties"].items():
            assert rule["description"]
            assert f"`{key}`" in guide or key == "instruments"
    assert schema["$defs"]["InstrumentChange"]["properties"]["instrument"]["enum"] == list(instrument_ids())


def test_the_example_of_the_guide_is_right(tmp_path: Any) -> None:
    guide = (scenarios_dir() / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)
    path = tmp_path / "my-mix.yaml"
    path.write_text(example, encoding="utf-8")
    scenario = load(path)
    assert [change.instrument for change in scenario.instruments] == [
        "public_threats", "private_diplomacy", "moud", "naloxone",
    ]  # fmt: skip
    assert scenario.instruments[3].end == "2028-12"


def test_records_cannot_be_changed_and_allow_no_other_field() -> None:
    change = InstrumentChange(instrument="moud", intensity=0.5, start="2027-01")
    with pytest.raises(ValidationError):
        change.intensity = 0.9
    with pytest.raises(ValidationError):
        Scenario(name="x", title="X", weight=1)
