"""`run --sector`, `run --compare-with` and `calibrate --sector` as a user types them, also wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sdforecast.cli import main
from tests.sectors.inputs import observed_input
from tests.small import MODELS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Run = Callable[..., tuple[int, str, str]]
PREDATION = str(MODELS / "predation.mdl")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder and return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return called


class TestRun:
    def test_stocks_and_counted_flows_of_the_sector_and_its_inputs(self, call: Run) -> None:
        code, out, err = call("run", "--sector", "border flow")
        assert code == 0
        shown = {line[16:45].strip() for line in out.splitlines()[1:]}
        assert {"US wholesale inventory", "fentanyl seized gross"} <= shown
        assert "dose" not in shown
        assert err.startswith("sector 'Border flow' alone, ")
        assert "from a run of the whole model: " in err

    def test_rows_stand_as_in_the_file_and_inputs_by_name(self, call: Run) -> None:
        from sdforecast.model import read
        from sdforecast.structure import causal_graph

        _, out, err = call("run", "--sector", "Border flow", "--to", "2015-12")
        shown = [line[16:45].strip() for line in out.splitlines()[1:]]
        order = list(causal_graph(read()).variables)
        assert shown == sorted(shown, key=order.index) and len(shown) > 5
        inputs = err.split("whole model: ")[1].split("\n")[0].split(", ")
        assert inputs == sorted(inputs, key=str.casefold)

    def test_a_history_that_has_nothing_is_told(self, call: Run) -> None:
        _, _, err = call("run", "--sector", "Instruments", "--inputs", "history", "--to", "2012-12")
        assert "takes nothing" in err
        _, _, err = call("run", "--sector", "Demand", "--inputs", "history", "--to", "2012-12")
        assert ("the history has none of them" in err) != ("from the history, " in err)

    def test_a_constant_outside_its_range_is_run_and_told(self, call: Run) -> None:
        code, out, err = call("run", "--sector", "Border flow", "--set", "Detection Base=0.9", "--to", "2012-12")
        assert code == 0 and out
        assert "warning: --set 'detection base' at 0.9 is outside its stated range, 0.03 to 0.35 Dmnl" in err
        assert "outside" not in call("run", "--set", "detection base=0.2", "--to", "2012-12")[2]

    def test_history_is_named_with_its_span(self, call: Run) -> None:
        sector, variable, (first, last) = observed_input()
        code, _, err = call("run", "--sector", sector, "--inputs", "history", "--to", "2012-12")
        assert code == 0
        (line,) = [line for line in err.splitlines() if f"from the history, {first} to {last}, else a run" in line]
        assert variable in line

    def test_json_holds_inputs_and_values(self, call: Run) -> None:
        code, out, _ = call("run", "--sector", "demand", "--json", "-q", "--to", "2010-03")
        record = json.loads(out)
        assert code == 0
        assert set(record) == {"sector", "inputs", "values"}
        assert record["sector"] == "Demand"
        assert {"variable", "unit", "sector", "used_by", "source", "first", "last"} == set(record["inputs"][0])
        assert "cumulative" not in out

    def test_an_earlier_run_is_an_input(self, call: Run) -> None:
        assert call("run", "-q", "--variables", "moud,dose", "--to", "2030-12", "-o", "earlier.csv")[0] == 0
        code, _, err = call("run", "--sector", "Demand", "--inputs", "earlier.csv")
        assert code == 0
        assert "  from the file, 2010-01 to 2030-12, else a run of the whole model: moud\n" in err

    def test_a_model_of_the_users(self, call: Run) -> None:
        code, out, err = call("run", "--model", PREDATION, "--sector", "weather")
        assert (code, out.splitlines()[0].split()) == (0, ["time", "season"])
        assert "it takes nothing from other sectors" in err

    def test_a_sector_is_saved_with_what_it_ran_on(self, call: Run) -> None:
        import xarray as xr

        assert call("run", "--sector", "Demand", "-o", "demand.nc")[0] == 0
        with xr.open_dataset("demand.nc", engine="scipy") as saved:
            assert saved.attrs["sector"] == "Demand"
            assert len(json.loads(saved.attrs["inputs"])) > 5

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            (("--sector", "Bordr"), "no sector 'Bordr' (did you mean 'Border flow'?)"),
            (("--inputs", "run"), "--inputs is for a sector alone"),
            (("--sector", "Demand", "--dump"), "--dump prints the program of the whole model"),
            (("--sector", "Demand", "--inputs", "histry"), "no inputs 'histry' (did you mean 'history'?"),
            (("--sector", "Demand", "--inputs", "none.csv"), "none.csv: no such file"),
            (("--sector", "Demand", "--variables", "detection base"), "'detection base' is not in sector 'Demand'"),
            (("--model", PREDATION, "--sector", "Notes"), "nothing in sector 'Notes' changes over time"),
            (("--model", PREDATION, "--sector", "Prey", "--inputs", "history"), "does not count months"),
            (("--model", str(MODELS / "views.mdl"), "--sector", "Sea"), "no groups, so its views are its sectors"),
            (("--model", str(MODELS / "growth.xmile"), "--sector", "Sea"), "neither groups nor views"),
        ],
    )
    def test_what_is_wrong_is_told(self, call: Run, arguments: tuple[str, ...], what: str) -> None:
        code, out, err = call("run", *arguments)
        assert (code, out) == (2, "")
        assert what in err
        assert "Traceback" not in err


class TestCompare:
    def test_a_scenario_is_subtracted(self, call: Run) -> None:
        code, out, err = call("run", "-s", "military-only", "--compare-with", "current-course", "--json")
        rows = pd.DataFrame(json.loads(out))
        assert code == 0
        pd.testing.assert_series_equal(rows["value"] - rows["reference"], rows["difference"], check_names=False)
        assert (rows.loc[rows["time"] < "2026-12-31", "difference"] == 0).all()
        assert (rows.loc[rows["time"] > "2028-01-01", "difference"] != 0).any()
        _, out, err = call("run", "-s", "military-only", "--compare-with", "current-course")
        assert err.endswith("differences from current-course:\n")
        assert out.splitlines()[1].split()[-8:-3] == ["0"] * 5

    def test_an_earlier_run_is_subtracted(self, call: Run) -> None:
        assert call("run", "-q", "-o", "base.csv", "--variables", "dose")[0] == 0
        code, out, _ = call("run", "--set", "detection base=0.2", "--compare-with", "base.csv", "--variables", "dose")
        assert code == 0
        assert all(float(word) < 0 for word in out.splitlines()[1].split()[-8:])  # more seized, less in a dose

    def test_a_model_of_the_users_with_its_own_file(self, call: Run) -> None:
        assert call("run", "--model", PREDATION, "-o", "base.csv")[0] == 0
        code, out, _ = call("run", "--model", PREDATION, "--variables", "Hares", "--compare-with", "base.csv")
        assert code == 0
        assert {line.split()[1] for line in out.splitlines()[1:]} == {"0"}

    def test_with_a_file_to_write_both_come(self, call: Run) -> None:
        code, out, _ = call("run", "-s", "military-only", "--compare-with", "current-course", "-o", "run.csv",
                            "--variables", "dose")  # fmt: skip
        assert code == 0
        assert out.startswith("scenario")
        assert set(pd.read_csv("run.csv")["scenario"]) == {"military-only"}

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            (("--compare-with", "current-course"), "is the only scenario that is run"),
            (("--compare-with", "curent-course"), "did you mean 'current-course'?"),
            (("--compare-with", "none.csv"), "none.csv: no such file"),
            (("--model", PREDATION, "--compare-with", "military-only"), "this model has no scenarios"),
        ],
    )
    def test_what_is_wrong_is_told(self, call: Run, arguments: tuple[str, ...], what: str) -> None:
        code, out, err = call("run", *arguments)
        assert (code, out) == (2, "")
        assert what in err


class TestCalibrate:
    @pytest.mark.slow  # the density of a sector is compiled: half a minute
    def test_the_folder_says_that_it_is_partial(self, call: Run) -> None:
        code, out, err = call("calibrate", "--quick", "--sector", "border flow", "--inputs", "history", "--starts", "1",
                              "--draws", "50", "--kept", "40", "-o", "border")  # fmt: skip
        assert code == 0
        assert "powder purity" in out
        assert "deaths, monthly" not in out
        assert "the whole model with these constants, annual deaths 2013-2024: mean absolute error" in err
        assert "warning: this is the normal approximation at the mode" in err
        record = json.loads(Path("border/manifest.json").read_text())
        assert "--quick --sector 'border flow' --inputs history" in record["command"]
        assert record["partial"]["sector"] == "Border flow"
        learned = set(pd.read_csv("border/learned.csv")["parameter"])
        assert {"detection base", "order push"} <= learned
        assert "supply shock size" not in learned

    def test_what_is_wrong_is_told(self, call: Run) -> None:
        code, _, err = call("calibrate", "--inputs", "history")
        assert (code, err) == (2, "error: --inputs is for a sector alone (name it with --sector)\n")
        code, _, err = call("calibrate", "--sector", "Instruments")
        assert code == 2
        assert "no constant of sector 'Instruments' is of kind 'estimated'" in err
        assert list(Path().iterdir()) == []
