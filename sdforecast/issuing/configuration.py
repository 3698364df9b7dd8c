"""The configuration of the hub, as schema v6.0.0 of the hubverse asks for it (docs.hubverse.io)."""

from __future__ import annotations

from typing import Any

from sdforecast.evaluation.levels import HUB_LEVELS
from sdforecast.issuing.counts import Counts
from sdforecast.issuing.quantities import QUANTITIES, Quantity
from sdforecast.issuing.tables import LOCATION, PAIRED

TEAM = "sdforecast"
MODEL_ID, PATHS_ID, BASELINE_ID = f"{TEAM}-fentanyl", f"{TEAM}-fentanyl_paths", f"{TEAM}-baseline"
"""Quantiles and trajectories are two models: a round takes one file of a model, and they are of different formats."""

SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0"
ASKED = (6, 12, 24, 36)
"""Horizons that a file must have; all others are optional."""


def admin() -> dict[str, Any]:
    """Return `admin.json`."""
    return {
        "schema_version": f"{SCHEMAS}/admin-schema.json",
        "name": "US overdose deaths: forecasts and scenarios of sdforecast",
        "maintainer": "sdforecast",
        "contact": {"name": "sdforecast founders"},
        "repository": {"host": "github", "owner": "sdforecast", "name": "sdforecast"},
        "file_format": ["csv", "parquet"],
        "timezone": "America/New_York",
        "model_output_dir": "model-output",
    }


def tasks(counts: Counts, scenarios: tuple[str, ...]) -> dict[str, Any]:
    """Return `tasks.json` of one round; the first scenario is the reference and must be given."""
    return {
        "schema_version": f"{SCHEMAS}/tasks-schema.json",
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "reference_date",
                "model_tasks": [_task(counts, scenarios)],
                "submissions_due": {"relative_to": "reference_date", "start": 0, "end": 3660},
                "last_data_date": f"{counts.reference:%Y-%m-%d}",
            }
        ],
        "output_type_id_datatype": "double",
        "derived_task_ids": ["target_end_date"],
    }


def _task(counts: Counts, scenarios: tuple[str, ...]) -> dict[str, Any]:
    """Return the one group of tasks.

    A sample spans targets, months and scenarios: none of them is in `compound_taskid_set`, so that an index is one
    draw everywhere, and scenarios can be compared draw by draw.
    """
    horizons = sorted({int(k) for target in counts.paths for k in counts.horizons(target)})
    months = {str(day)[:10] for paths in counts.paths.values() for day in paths["time"].to_numpy()}
    draws = min(PAIRED, next(iter(counts.paths.values())).sizes["draw"])
    value = {"type": "double", "minimum": 0}
    required = [k for k in horizons if k in ASKED]
    return {
        "task_ids": {
            "reference_date": _ids([f"{counts.reference:%Y-%m-%d}"], None),
            "target": _ids(None, [each.target for each in QUANTITIES]),
            "target_end_date": _ids(None, sorted(months)),
            "horizon": _ids(required or None, [k for k in horizons if k not in ASKED] or None),
            "location": _ids([LOCATION], None),
            "scenario_id": _ids([scenarios[0]], list(scenarios[1:]) or None),
        },
        "output_type": {
            "quantile": {
                "output_type_id": {"required": [float(level) for level in HUB_LEVELS]},
                "is_required": False,
                "value": value,
            },
            "sample": {
                "output_type_id_params": {
                    "type": "integer",
                    "min_samples_per_task": draws,
                    "max_samples_per_task": 3 * PAIRED,
                    "compound_taskid_set": ["reference_date", "location"],
                },
                "is_required": False,
                "value": value,
            },
        },
        "target_metadata": [_target(counts, each) for each in QUANTITIES],
    }


def _target(counts: Counts, quantity: Quantity) -> dict[str, Any]:
    return {
        "target_id": quantity.target,
        "target_name": quantity.title,
        "target_units": "deaths",
        "target_keys": {"target": quantity.target},
        "description": _described(1 - counts.incomplete[quantity.target]),
        "target_type": "discrete",
        "is_step_ahead": True,
        "time_unit": "month",
    }


def _described(first: int) -> str:
    words = (
        "Deaths that occurred in the 50 states and DC, as NCHS counts them (VSRR, data.cdc.gov xkb8-kh2a) once the "
        "year is closed."
    )
    if first > 0:
        return words
    span = f"Horizons {first} to 0 are" if first < 0 else "Horizon 0 is"
    return (
        f"{words} {span} a nowcast: months that were counted but are not complete, of which the closed count is "
        "foretold. Horizons from 1 on are the forecast."
    )


def _ids(required: list[Any] | None, optional: list[Any] | None) -> dict[str, Any]:
    return {"required": required, "optional": optional}


def target_data() -> dict[str, Any]:
    """Return `target-data.json`."""
    return {
        "schema_version": f"{SCHEMAS}/target-data-schema.json",
        "observable_unit": ["target_end_date", "target", "location"],
        "date_col": "target_end_date",
        "versioned": False,
        "time-series": {"versioned": True},
        "oracle-output": {"has_output_type_ids": False},
    }


def metadata_schema() -> dict[str, Any]:
    """Return `model-metadata-schema.json`: what a team says of its model."""
    text, yes_or_no = {"type": "string"}, {"type": "boolean"}
    short = {"type": "string", "pattern": "^[a-zA-Z0-9_]+$", "maxLength": 16}
    details = {
        "type": "object",
        "properties": {"data_inputs": text, "methods": {"type": "string", "maxLength": 200}, "methods_long": text},
        "additionalProperties": False,
        "required": ["data_inputs", "methods"],
    }
    properties = {
        "team_name": text, "team_abbr": short, "model_name": text, "model_abbr": short, "model_version": text,
        "model_contributors": {"type": "array", "items": {"type": "object", "properties": {"name": text}}},
        "license": {"type": "string", "enum": ["cc-by-4.0", "mit", "apache-2.0", "gpl-3.0"]},
        "designated_model": yes_or_no, "team_funding": text, "citation": text, "model_details": details,
        "ensemble_of_hub_models": yes_or_no,
    }  # fmt: skip
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Model metadata",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["team_name", "team_abbr", "model_name", "model_abbr", "model_contributors", "license",
                     "designated_model", "model_details"],
    }  # fmt: skip


_NAMES = {
    MODEL_ID: "Stocks and flows of the US fentanyl crisis: quantiles over the draws",
    PATHS_ID: "Stocks and flows of the US fentanyl crisis: 100 trajectories, paired across scenarios",
    BASELINE_ID: "The last 12-month sum, repeated",
}
_INPUTS = (
    "NCHS counts of overdose deaths, CBP seizures, DEA purity, NFLIS, SAMHSA and others, each row with its source in "
    "calibration/data"
)


def metadata(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what we say of our models, by model id; `manifest` is that of the forecast."""
    version = f"{manifest['sdforecast']}, model {str(manifest.get('model_sha256', 'not told'))[:12]}"
    flows = {
        "data_inputs": _INPUTS,
        "methods": "Stock-and-flow model (Vensim), constants by Bayes' rule (NUTS), latent supply and a mean-reverting "
        "discrepancy carried on from the last months.",
        "methods_long": "A scenario is a condition, not advice: what it shows follows from the policy mix and the "
        "model. Sample k is the same draw in every scenario and for every target.",
    }
    repeated = {
        "data_inputs": "The 12-month sums as published, without completing the last months.",
        "methods": "The last sum at every horizon, spread by how far sums moved before, in both directions.",
    }
    return {
        name: {
            "team_name": TEAM,
            "team_abbr": TEAM,
            "model_name": title,
            "model_abbr": name.removeprefix(f"{TEAM}-"),
            "model_version": version,
            "model_contributors": [{"name": "sdforecast founders"}],
            "license": "mit",
            "designated_model": name == MODEL_ID,
            "team_funding": "none",
            "model_details": repeated if name == BASELINE_ID else flows,
            "ensemble_of_hub_models": False,
        }
        for name, title in _NAMES.items()
    }
