"""What `tasks.json` asks for, in the form that the checks of a file need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STANDARD = ("output_type", "output_type_id", "value")


@dataclass(frozen=True)
class Group:
    """A group of modelling tasks.

    Attributes
    ----------
    required, optional : values of each task id, as text.
    output_types : the object of the configuration.
    step : unit of a horizon, as `month`; empty where there is none.
    """

    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    output_types: Mapping[str, Any]
    step: str

    def allowed(self, task_id: str) -> set[str]:
        """Return all values of a task id."""
        return {*self.required[task_id], *self.optional[task_id]}


@dataclass(frozen=True)
class Round:
    """A round: its id, the task id that names it (empty if none), its groups, its derived task ids, its formats."""

    round_id: str
    variable: str
    groups: tuple[Group, ...]
    derived: tuple[str, ...]
    formats: tuple[str, ...]

    @property
    def task_ids(self) -> tuple[str, ...]:
        """Names of the task ids of all groups."""
        return tuple(dict.fromkeys(name for group in self.groups for name in group.required))


def rounds(tasks: Mapping[str, Any], admin: Mapping[str, Any]) -> dict[str, Round]:
    """Return the rounds by id, of a configuration that is valid."""
    found: dict[str, Round] = {}
    for each in tasks["rounds"]:
        groups = tuple(_group(task) for task in each["model_tasks"])
        variable = each["round_id"] if each["round_id_from_variable"] else ""
        derived = each.get("derived_task_ids", tasks.get("derived_task_ids")) or ()
        formats = tuple(each.get("file_format", admin["file_format"]))
        ids = sorted(set().union(*(group.allowed(variable) for group in groups))) if variable else [each["round_id"]]
        for round_id in ids:
            found[round_id] = Round(round_id, variable, groups, tuple(derived), formats)
    return found


def _group(task: Mapping[str, Any]) -> Group:
    steps = {target.get("time_unit", "") for target in task["target_metadata"] if target["is_step_ahead"]}
    return Group(
        required={name: _texts(values["required"]) for name, values in task["task_ids"].items()},
        optional={name: _texts(values["optional"]) for name, values in task["task_ids"].items()},
        output_types=task["output_type"],
        step=steps.pop() if len(steps) == 1 else "",
    )


def _texts(values: list[Any] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())
