"""Each rule of the hubverse broken on purpose: the check of that name says so."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.issuing import check

QUANTILES = "model-output/sdforecast-fentanyl/2025-04-30-sdforecast-fentanyl.csv"
SAMPLES = "model-output/sdforecast-fentanyl_paths/2025-04-30-sdforecast-fentanyl_paths.parquet"
METADATA = "model-metadata/sdforecast-fentanyl.yml"

Change = Callable[[Path], None]


@pytest.fixture
def hub(short: Path, tmp_path: Path) -> Path:
    """A copy of the short hub, to be changed."""
    return Path(shutil.copytree(short, tmp_path / "hub"))


def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    def apply(hub: Path) -> None:
        rows = pd.read_csv(hub / QUANTILES, dtype=str, keep_default_na=False)
        change(rows).to_csv(hub / QUANTILES, index=False)

    return apply


def cell(column: str, value: str, row: int = 0) -> Change:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[row, column] = value
        return rows

    return table(change)


def sampled(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    def apply(hub: Path) -> None:
        rows = pd.read_parquet(hub / SAMPLES)
        rows["horizon"] = rows["horizon"].astype("int32")
        change(rows).to_parquet(hub / SAMPLES, index=False)

    return apply


def config(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def apply(hub: Path) -> None:
        path = hub / "hub-config" / f"{name}.json"
        found = json.loads(path.read_text())
        change(found)
        path.write_text(json.dumps(found))

    return apply


def task(change: Callable[[dict[str, Any]], object]) -> Change:
    return config("tasks", lambda found: change(found["rounds"][0]["model_tasks"][0]))


def text(file: str, old: str, new: str) -> Change:
    def apply(hub: Path) -> None:
        content = (hub / file).read_text()
        assert old in content
        (hub / file).write_text(content.replace(old, new, 1))

    return apply


def renamed(old: str, new: str) -> Change:
    def apply(hub: Path) -> None:
        (hub / new).parent.mkdir(exist_ok=True)
        (hub / old).rename(hub / new)

    return apply


def swapped(rows: pd.DataFrame) -> pd.DataFrame:
    rows.loc[[3, 4], "value"] = rows.loc[[4, 3], "value"].to_numpy()
    return rows


def without_a_level(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(index=5)


def without_required_tasks(rows: pd.DataFrame) -> pd.DataFrame:
    gone = rows["horizon"].eq("6") & rows["scenario_id"].eq("current-course") & rows["target"].eq("all drug deaths")
    return rows[~gone]


def of_two_rounds(rows: pd.DataFrame) -> pd.DataFrame:
    rows.loc[0, "reference_date"] = "2025-03-31"
    return rows


def of_another_round(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(reference_date="2025-03-31")


def broken_sample(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(index=rows[(rows["output_type_id"] == 7) & (rows["horizon"] == 3)].index)


BROKEN: list[tuple[str, Change]] = [
    ("file_name", renamed(QUANTILES, "model-output/sdforecast-fentanyl/forecast of April.csv")),
    ("file_location", renamed(QUANTILES, "model-output/other-model/2025-04-30-sdforecast-fentanyl.csv")),
    ("round_id_valid", renamed(QUANTILES, QUANTILES.replace("2025-04-30", "2025-05-31"))),
    ("file_format", renamed(QUANTILES, QUANTILES.replace(".csv", ".arrow"))),
    ("file_n", lambda hub: (hub / QUANTILES.replace(".csv", ".parquet")).write_bytes((hub / SAMPLES).read_bytes())),
    ("metadata_exists", lambda hub: (hub / METADATA).unlink()),
    ("metadata_matches_schema", text(METADATA, "license: mit", "license: all rights reserved")),
    ("metadata_matches_schema", text(METADATA, "team_name: sdforecast\n", "")),
    ("metadata_matches_schema", text(METADATA, "designated_model: true", "designated_model: perhaps")),
    ("metadata_matches_schema", lambda hub: (hub / METADATA).write_text("!!python/object:os.system {}")),
    ("metadata_file_name", text(METADATA, "model_abbr: fentanyl", "model_abbr: heroin")),
    ("metadata_file_ext", renamed(METADATA, METADATA.replace(".yml", ".txt"))),
    ("metadata_schema_exists", lambda hub: (hub / "hub-config/model-metadata-schema.json").unlink()),
    ("file_read", lambda hub: (hub / QUANTILES).write_bytes(b"\xff\xfe\x00")),
    ("file_read", lambda hub: (hub / SAMPLES).write_bytes(b"PAR1 but no more")),
    ("file_exists", lambda hub: shutil.rmtree(hub / "model-output")),
    ("colnames", table(lambda rows: rows.drop(columns="location"))),
    ("colnames", table(lambda rows: rows.assign(comment="=1+1"))),
    ("unique_round_id", table(of_two_rounds)),
    ("match_round_id", table(of_another_round)),
    ("col_types", cell("horizon", "1.5")),
    ("col_types", cell("target_end_date", "30.04.2025")),
    ("col_types", sampled(lambda rows: rows.assign(horizon=rows["horizon"].astype(str)))),
    ("valid_vals", cell("scenario_id", "a wish")),
    ("valid_vals", cell("output_type_id", "0.33")),
    ("valid_vals", cell("output_type", "mean")),
    ("valid_vals", cell("location", "06")),
    ("valid_vals", sampled(lambda rows: rows.assign(output_type_id=rows["output_type_id"] + 0.5))),
    ("rows_unique", table(lambda rows: pd.concat([rows, rows.head(1)]))),
    ("req_vals", table(without_a_level)),
    ("req_vals", table(without_required_tasks)),
    ("req_vals", table(lambda rows: rows.head(0))),
    ("value_col_valid", cell("value", "-1")),
    ("value_col_valid", cell("value", "many")),
    ("value_col_valid", cell("value", "inf")),
    ("value_col_valid", cell("value", "")),
    ("value_col_non_desc", table(swapped)),
    ("horizon_timediff", cell("target_end_date", "2025-09-30")),
    ("spl_non_compound_tid", sampled(broken_sample)),
    ("spl_n", sampled(lambda rows: rows[rows["output_type_id"] < 50])),
    ("spl_compound_tid", task(lambda t: t["output_type"]["sample"]["output_type_id_params"].update(
        compound_taskid_set=["reference_date", "location", "scenario_id"]))),
    ("target_tbl_colnames", text("target-data/time-series.csv", "as_of", "known_at")),
    ("target_tbl_coltypes", text("target-data/time-series.csv", "2015-01-31", "31.1.2015")),
    ("target_tbl_coltypes", text("target-data/oracle-output.csv", "47523", "many")),
    ("target_tbl_values", text("target-data/oracle-output.csv", "US,", "XX,")),
    ("target_tbl_rows_unique", lambda hub: (hub / "target-data/oracle-output.csv").write_text(
        "location,target_end_date,target,oracle_value\n" + 2 * "US,2023-12-31,all drug deaths,1\n") and None),
    ("target_file_read", lambda hub: (hub / "target-data/oracle-output.csv").write_bytes(b"\xff") and None),
]  # fmt: skip


def test_the_hub_as_written_breaks_no_rule(written: Path) -> None:
    assert check(written) == []


@pytest.mark.parametrize(("name", "change"), BROKEN, ids=[f"{k}-{name}" for k, (name, _) in enumerate(BROKEN)])
def test_a_broken_rule_is_named(hub: Path, name: str, change: Change) -> None:
    change(hub)
    found = check(hub)
    assert name in {fault.check for fault in found}, [fault.check for fault in found]
    assert all(fault.what and fault.file for fault in found)


CONFIG: list[tuple[str, Change]] = [
    ("timezone 'UTC'", config("admin", lambda c: c.update(timezone="UTC"))),
    ("unknown property 'colour'", config("admin", lambda c: c.update(colour="red"))),
    ("'maintainer' is missing", config("admin", lambda c: c.pop("maintainer"))),
    ("file_format", config("admin", lambda c: c.update(file_format=["xlsx"]))),
    ("host is not 'github'", config("admin", lambda c: c["repository"].update(host="gitlab"))),
    ("schema_version is v5", config("tasks", lambda c: c.update(schema_version=c["schema_version"].replace("6", "5")))),
    ("rounds is not a list", config("tasks", lambda c: c.update(rounds=[]))),
    ("derived_task_ids names 'end'", config("tasks", lambda c: c.update(derived_task_ids=["end"]))),
    ("longer than 30", task(lambda t: t["target_metadata"][0].update(target_id="x" * 31))),
    ("not exactly one key", task(lambda t: t["target_metadata"][0].update(target_keys={"target": "a", "b": "c"}))),
    ("is no value of the task id", task(lambda t: t["target_metadata"][0].update(target_keys={"target": "a"}))),
    ("without a time_unit", task(lambda t: t["target_metadata"][0].pop("time_unit"))),
    ("target_type", task(lambda t: t["target_metadata"][0].update(target_type="number"))),
    ("has not just 'required'", task(
        lambda t: t["output_type"]["quantile"]["output_type_id"].update(optional=[0.5]))),
    ("numbers from 0 to 1", task(lambda t: t["output_type"]["quantile"].update(output_type_id={"required": [50]}))),
    ("unknown output type", task(lambda t: t["output_type"].update(guess={}))),
    ("'is_required'", task(lambda t: t["output_type"]["sample"].pop("is_required"))),
    ("compound_taskid_set names 'moon'", task(
        lambda t: t["output_type"]["sample"]["output_type_id_params"].update(compound_taskid_set=["moon"]))),
    ("has a value twice", task(lambda t: t["task_ids"]["location"].update(optional=["US"]))),
    ("'reference_date' that names the round", task(lambda t: t["task_ids"].pop("reference_date"))),
    ("observable_unit names 'age'", config("target-data", lambda c: c["observable_unit"].append("age"))),
    ("not of the form", config("tasks", lambda c: c.update(rounds=[{**c["rounds"][0], "model_tasks": [
        {**c["rounds"][0]["model_tasks"][0], "target_metadata": [7]}]}]))),
    ("is not JSON", lambda hub: (hub / "hub-config/tasks.json").write_text("{") and None),
    ("is not JSON", lambda hub: (hub / "hub-config/tasks.json").write_text("[" * 100_000) and None),
    ("is not a JSON object", lambda hub: (hub / "hub-config/admin.json").write_text("[]") and None),
    ("is not a file", lambda hub: (hub / "hub-config/admin.json").unlink()),
]  # fmt: skip


@pytest.mark.parametrize(("words", "change"), CONFIG, ids=[f"{k}" for k in range(len(CONFIG))])
def test_a_wrong_configuration_is_an_error(hub: Path, words: str, change: Change) -> None:
    change(hub)
    found = [fault for fault in check(hub) if fault.check == "valid_config"]
    assert any(words in fault.what for fault in found), found
    assert all(fault.error for fault in found)


ODD = [None, True, 0, -1, 1.5, "", "US", [], {}, [None], {"a": 1}, {"required": None, "optional": None}]


def places(found: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON file."""
    inner = found.items() if isinstance(found, dict) else enumerate(found[:3]) if isinstance(found, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from places(value, (*at, key))


@pytest.mark.parametrize("name", ["admin", "tasks", "target-data", "model-metadata-schema"])
def test_no_change_of_a_configuration_is_met_with_a_crash(hub: Path, name: str) -> None:
    """Every third place of the file, each with an odd value in it: the hub may be valid or not, but it is checked."""
    shutil.rmtree(hub / "model-output" / "sdforecast-fentanyl_paths")  # for speed
    rows = pd.read_csv(hub / QUANTILES, dtype=str, keep_default_na=False)
    rows[rows["target"] == "all drug deaths"].head(230).to_csv(hub / QUANTILES, index=False)
    path = hub / "hub-config" / f"{name}.json"
    whole = path.read_text()
    for k, place in enumerate(list(places(json.loads(whole)))[::3]):
        found = json.loads(whole)
        part = found
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = ODD[k % len(ODD)]
        path.write_text(json.dumps(found))
        assert isinstance(check(hub), list)


def test_output_of_another_team_is_checked_too(hub: Path) -> None:
    """Anybody can put a folder beside ours: fewer months, one scenario, no samples."""
    rows = pd.read_csv(hub / QUANTILES, dtype=str, keep_default_na=False)
    theirs = rows[rows["horizon"].isin(["1", "6"]) & (rows["scenario_id"] == "current-course")]
    (hub / "model-output" / "them-naive").mkdir()
    theirs.to_csv(hub / "model-output" / "them-naive" / "2025-04-30-them-naive.csv", index=False)
    about = (hub / METADATA).read_text().replace("team_abbr: sdforecast", "team_abbr: them")
    (hub / "model-metadata" / "them-naive.yml").write_text(about.replace("model_abbr: fentanyl", "model_abbr: naive"))
    assert check(hub) == []


def test_a_link_out_of_the_hub_is_not_followed(hub: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "secret.csv"
    elsewhere.write_text("a,b\n1,2\n")
    (hub / QUANTILES).unlink()
    (hub / QUANTILES).symlink_to(elsewhere)
    assert [fault.check for fault in check(hub)] == ["file_read"]


def test_output_outside_the_hub_is_refused(hub: Path) -> None:
    config("admin", lambda c: c.update(model_output_dir="../.."))(hub)
    assert [fault.what for fault in check(hub)] == ["model_output_dir leads out of the hub"]


def test_a_folder_that_is_no_hub(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a hub"):
        check(tmp_path)
