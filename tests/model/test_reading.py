"""Reading a model file: what is in it, every way it can be wrong, and the cache of translations."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from sdforecast import shipped
from sdforecast.errors import InputError, MachineError
from sdforecast.model import reading
from sdforecast.model.reading import read
from tests.small import MODELS, ROOT, small


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sdforecast" / "translations"


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    assert len(caught.value.problems) == 1
    return str(caught.value).replace(f"{path.parent}/", "")


class TestVariables:
    def test_kinds_units_sectors_values_and_comments(self) -> None:
        table = small("growth.mdl").variables.set_index("name")
        assert dict(table["kind"]) == {
            "Population": "stock",
            "Drug_left": "stock",
            "births": "auxiliary",
            "growth rate": "constant",
            "initial population": "constant",
            "half life": "constant",
        }
        assert table.loc["births", "unit"] == "person/Month"
        assert dict(table["sector"].groupby(table["sector"]).size()) == {"People": 4, "Stuff": 2}
        assert table.loc["Drug_left", "sector"] == "Stuff"
        assert table.loc["growth rate", "value"] == 0.02
        assert math.isnan(table.loc["Population", "value"])
        assert table.loc["Population", "comment"] == "Grows by a constant share."

    def test_the_control_variables_are_apart(self) -> None:
        model = small("growth.mdl")
        assert model.control == {"INITIAL TIME": 0, "FINAL TIME": 40, "TIME STEP": 0.125, "SAVEPER": 1}
        assert model.time_unit == "Month"
        assert not {name.upper() for name in model.names} & {"FINAL TIME", "TIME", "SAVEPER"}

    def test_subscripts_are_named_and_such_constants_have_no_single_value(self) -> None:
        table = small("regions.mdl").variables.set_index("name")
        assert dict(table["subscripts"]) == {"Stock": "Region", "loss": "Region", "whole": ""}
        assert math.isnan(table.loc["loss", "value"])

    def test_xmile_is_read_as_well_as_vensim(self) -> None:
        table = small("growth.xmile").variables.set_index("name")
        assert dict(table["kind"]) == {"Population": "stock", "births": "auxiliary", "growth rate": "constant"}
        assert table.loc["growth rate", "value"] == 0.02
        assert set(table["sector"]) == {""}

    def test_values_from_a_file_that_is_not_read_yet_are_unknown(self, tmp_path: Path) -> None:
        text = (
            (MODELS / "division.mdl").read_text().replace("INTEG (-1, 5)", "GET DIRECT CONSTANTS('no.xlsx','s','A1')")
        )
        (tmp_path / "external.mdl").write_text(text)
        table = read(tmp_path / "external.mdl").variables.set_index("name")
        assert math.isnan(table.loc["level", "value"])

    @pytest.mark.parametrize("word", ["growth rate", "Growth_Rate", " GROWTH  RATE ", "growth_rate"])
    def test_a_name_is_found_whatever_its_case(self, word: str) -> None:
        assert small("growth.mdl").name_of(word) == "growth rate"

    def test_a_name_that_the_modeller_wrote_with_an_underscore(self) -> None:
        assert small("growth.mdl").name_of("drug left") == "Drug_left"

    def test_an_unknown_name_gets_the_nearest(self) -> None:
        with pytest.raises(InputError, match=r"no variable 'grwth rate' \(did you mean 'growth rate'\?\)"):
            small("growth.mdl").name_of("grwth rate")

    def test_the_shipped_model_knows_that_it_is(self, tmp_path: Path) -> None:
        assert read().is_shipped
        assert read(shipped.model_file()).is_shipped
        assert not small("growth.mdl").is_shipped


class TestFaults:
    def test_a_missing_file_names_the_nearest_beside_it(self) -> None:
        assert complaint(MODELS / "grwth.mdl") == "grwth.mdl: no such model file (did you mean 'growth.mdl'?)"

    def test_a_missing_file_in_a_missing_folder(self, tmp_path: Path) -> None:
        assert complaint(tmp_path / "none" / "a.mdl") == "a.mdl: no such model file"

    def test_a_folder_is_no_model_file(self, tmp_path: Path) -> None:
        (tmp_path / "folder.mdl").mkdir()
        assert complaint(tmp_path / "folder.mdl") == "folder.mdl: is not a file"

    @pytest.mark.parametrize("name", ["model.py", "model", "model.mdl.txt"])
    def test_another_kind_of_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("x = 1")
        assert complaint(tmp_path / name) == f"{name}: is not a model file (expected .mdl, .xmile, .xml or .stmx)"

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("broken.mdl", (MODELS / "broken.mdl").read_bytes()),
            ("empty.mdl", b""),
            ("bytes.mdl", b"\x00\xff\xfe" * 50),
            ("lacks.mdl", b"{UTF-8}\nlevel = INTEG (-2, 5) ~ unit ~ |\nTIME STEP = 1 ~ Month ~ |\n"),
            ("empty.xmile", b""),
            ("cut.xmile", (MODELS / "growth.xmile").read_bytes()[:400]),
            ("other.xml", b"<html><body>no model</body></html>"),
        ],
    )
    def test_what_pysd_does_not_understand(self, tmp_path: Path, name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        text = complaint(tmp_path / name)
        assert text.startswith(f"{name}: PySD does not understand this model: ")
        assert "\n" not in text
        assert len(text) < 300

    def test_a_fault_leaves_nothing_in_the_cache(self, cache: Path) -> None:
        complaint(MODELS / "broken.mdl")
        assert list(cache.iterdir()) == []

    def test_too_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "LARGEST", 1000)
        assert complaint(MODELS / "growth.mdl").startswith("growth.mdl: is larger than ")


class TestCache:
    def test_a_second_reading_translates_nothing(self, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from sdforecast.model import translating

        first = read(MODELS / "sir.mdl")
        monkeypatch.setattr(translating, "abstract_model", None)  # calling it would fail
        second = read(MODELS / "sir.mdl")
        assert second.translation == first.translation
        assert second.variables.equals(first.variables)
        assert len(list(cache.iterdir())) == 1

    def test_other_content_is_translated_anew(self, cache: Path, tmp_path: Path) -> None:
        text = (MODELS / "growth.mdl").read_text()
        file = tmp_path / "mine.mdl"
        file.write_text(text)
        before = read(file)
        file.write_text(text.replace("growth rate = 0.02", "growth rate = 0.03"))
        after = read(file)
        assert before.sha256 != after.sha256
        values = after.variables.set_index("name")["value"]
        assert values["growth rate"] == 0.03

    def test_external_data_are_looked_for_beside_each_copy_of_a_model(self, cache: Path, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "growth.mdl").write_bytes((MODELS / "growth.mdl").read_bytes())
            text = read(tmp_path / name / "growth.mdl").translation.read_text()
            assert f"_root = Path('{tmp_path / name}')" in text

    def test_the_folder_of_the_model_is_left_alone(self, cache: Path, tmp_path: Path) -> None:
        folder = tmp_path / "models"
        folder.mkdir()
        (folder / "growth.mdl").write_bytes((MODELS / "growth.mdl").read_bytes())
        folder.chmod(0o555)
        read(folder / "growth.mdl")
        assert [path.name for path in folder.iterdir()] == ["growth.mdl"]

    def test_a_cache_that_cannot_be_made_is_done_without(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_text("no folder")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        model = read(MODELS / "growth.mdl")
        assert not model.translation.is_relative_to(tmp_path)
        assert len(model.variables) == 6

    def test_a_user_without_a_home_is_served(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", homeless)
        assert len(read(MODELS / "growth.mdl").variables) == 6

    def test_nowhere_to_write_is_the_machines_fault(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(**_options: object) -> str:
            raise OSError("no space")

        (tmp_path / "file").write_text("no folder")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        monkeypatch.setattr(reading, "_own_folder", [])
        monkeypatch.setattr(reading.tempfile, "mkdtemp", refuse)
        with pytest.raises(MachineError, match="set XDG_CACHE_HOME"):
            read(MODELS / "growth.mdl")

    def test_two_processes_that_translate_at_once_agree(self, cache: Path) -> None:
        code = "from sdforecast.model import read; import sys; print(read(sys.argv[1]).translation)"
        call = [sys.executable, "-c", code, str(MODELS / "sir.mdl")]
        both = [subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        told = [process.communicate(timeout=60) for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        assert told[0] == told[1]
        assert Path(told[0][0].decode().strip()).is_file()
        assert len(list(cache.iterdir())) == 1

    def test_text_that_looks_like_code_stays_text(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from sdforecast.engine import Simulator

        monkeypatch.chdir(tmp_path)
        model = read(MODELS / "code.mdl")
        Simulator(model).run({})
        assert "__import__('pathlib').Path('executed-name').touch()" in model.names[0]
        assert [path.name for path in tmp_path.iterdir() if "executed" in path.name] == []
