"""What orphans a posterior and what does not: changes of each kind to copies of the shipped files."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast import parameters, shipped
from sdforecast.errors import InputError
from sdforecast.inference import belonging
from sdforecast.inference.belonging import belongs, fingerprints
from sdforecast.inference.into_model import with_constants
from sdforecast.model import ModelFile, read
from tests.inference.sample_posterior import sample


@dataclass(frozen=True)
class Files:
    """Copies of what a posterior is made from."""

    model: Path
    parameters: Path
    targets: Path
    history: Path

    def given(self) -> tuple[ModelFile, Path, Path, Path]:
        """Return the arguments of `fingerprints`; nothing of the model but its file is looked at."""
        return replace(read(), path=self.model), self.parameters, self.targets, self.history


ROWS = 200
"""Lines of a history file that are enough here."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The shipped files, with the first rows of each table of the history."""
    folder, calibration = tmp_path_factory.mktemp("originals"), shipped.calibration_dir()
    shutil.copytree(shipped.history_dir(), folder / "data")
    for table in (folder / "data").glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        table.write_text("".join(lines[:ROWS]), encoding="utf-8")
    for file in (shipped.model_file(), calibration / "parameters.toml", calibration / "targets.toml"):
        shutil.copy(file, folder)
    return _files(folder)


def _files(folder: Path) -> Files:
    return Files(folder / "fentanyl.mdl", folder / "parameters.toml", folder / "targets.toml", folder / "data")


@pytest.fixture(scope="module")
def prints(originals: Files) -> dict[str, str]:
    return fingerprints(*originals.given())


@pytest.fixture
def files(originals: Files, tmp_path: Path) -> Files:
    return _files(Path(shutil.copytree(originals.model.parent, tmp_path / "copy")))


def edit(file: Path, pattern: str, new: str) -> None:
    """Replace the first match of a pattern, and see that there is one."""
    text = file.read_text(encoding="utf-8")
    changed, times = re.subn(pattern, new, text, count=1)
    assert times == 1 and changed != text, pattern
    file.write_text(changed, encoding="utf-8")


def wrap(file: Path) -> None:
    """Write the equations on fewer lines, as another program might."""
    equations, mark, sketch = file.read_text(encoding="utf-8").partition("\\\\\\---///")
    file.write_text(re.sub(r"\s*\\\n\s*", " ", equations).replace("=\n\t", " = ") + mark + sketch, encoding="utf-8")


def at_the_best(file: Path) -> None:
    """Write other values of all constants that have a prior into the model."""
    free = {p.name: p.at(0.37) for p in parameters.load() if p.spread > 0}
    file.write_text(with_constants(file.read_text(encoding="utf-8"), free), encoding="utf-8")


def each_row(file: Path, change: Callable[[dict[str, str]], dict[str, str]], backwards: bool = False) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [change(row) for row in csv.DictReader(stream)]
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows[::-1] if backwards else rows)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: edit(f.model, r"Resident population of the 50 states", "All residents of the 50 states"),
        lambda f: edit(f.model, r"(?m)^10,(\d+),([^,\n]*),\d+,", r"10,\1,\2,987,"),  # where a variable is drawn
        lambda f: edit(f.model, r"(?s)\\\\\\---///.*", ""),
        lambda f: edit(f.model, r"\(\[\(0,0\)-\(312,358000000\)\]", "([(0,1000)-(400,400000000)]"),  # of the picture
        lambda f: edit(f.model, r"\(0,309330000\)", "(0, 309330000.0)"),
        lambda f: edit(f.model, r"~\tperson\n", "~\tpeople\n"),
        lambda f: wrap(f.model),
        lambda f: at_the_best(f.model),
        lambda f: edit(f.parameters, r'source = "', 'source = "See also: '),
        lambda f: edit(f.parameters, r'narrowed_by = "', 'narrowed_by = "Perhaps: '),
        lambda f: edit(f.parameters, r"\A", "# A word before.\n"),
        lambda f: edit(f.targets, r'title = "', 'title = "Published: '),
        lambda f: edit(f.targets, r"sd = 0.12\n", "sd = 0.120  # as before\n"),
        lambda f: each_row(f.history / "deaths.csv", lambda row: row | {"source": "NCHS"}, backwards=True),
        lambda f: each_row(f.history / "instruments.csv", lambda row: row | {"reason": "It was so."}),
        lambda f: edit(f.history / "series.toml", r'title = "', 'title = "Published: '),
        lambda f: edit(f.history / "README.md", r"\A", "A word before.\n"),
    ],
)
def test_what_decides_nothing_keeps_it(files: Files, prints: dict[str, str], change: Callable[[Files], None]) -> None:
    change(files)
    assert fingerprints(*files.given()) == prints


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda f: edit(f.model, r"\(0,309330000\)", "(0,309330001)"), "model"),
        (lambda f: edit(f.model, r"(?m)^(diplomacy cost =\s*)", r"\1 2 * "), "model"),
        (lambda f: edit(f.model, r"(?m)^(months per year\s*=\s*)12", r"\g<1>13"), "model"),  # has no prior
        (lambda f: edit(f.model, r"(?m)^(TIME STEP\s*=\s*)", r"\1 0.5 * "), "model"),
        (lambda f: edit(f.model, r"(?s)\nCOVID disruption shape =.*?\|\n", "\n"), "model"),
        (lambda f: edit(f.parameters, r"(?m)^(spread = )(.*)$", r"\g<1>0.123456"), "parameters"),
        (lambda f: edit(f.parameters, r"(?m)^(high = )(.*)$", r"\g<1>1.23456"), "parameters"),
        (lambda f: edit(f.parameters, r'distribution = "lognormal"', 'distribution = "normal"'), "parameters"),
        (lambda f: edit(f.parameters, r'kind = "assumption"', 'kind = "estimated"'), "parameters"),
        (lambda f: edit(f.targets, r"sd = 0.12\n", "sd = 0.13\n"), "targets"),
        (lambda f: edit(f.targets, r'to = "2025-04"', 'to = "2025-03"'), "targets"),
        (lambda f: edit(f.history / "deaths.csv", r",47523,", ",47524,"), "history"),
        (lambda f: edit(f.history / "death_vintages.csv", r"(\d),,,deaths", r"\g<1>0,,,deaths"), "history"),
        (lambda f: edit(f.history / "instruments.csv", r"(,\d{4}-\d\d,)", r"\g<1>0.01"), "history"),
        (lambda f: (f.history / "prices.csv").unlink(), "history"),
    ],
)
def test_what_decides_the_result_orphans_it(
    files: Files, prints: dict[str, str], change: Callable[[Files], None], part: str
) -> None:
    change(files)
    now = fingerprints(*files.given())
    assert [name for name in now if now[name] != prints[name]] == [part]


class TestMessage:
    def test_nothing_is_said_of_one_that_belongs(self) -> None:
        made, model = sample(), read()
        assert belongs(replace(made, manifest=made.manifest | {"fingerprints": fingerprints(model)}), model) == []

    def test_what_changed_and_how_to_make_it_anew(self, files: Files, prints: dict[str, str]) -> None:
        made = sample()
        then = replace(made, manifest=made.manifest | {"fingerprints": prints})
        edit(files.targets, r"sd = 0.12\n", "sd = 0.13\n")
        edit(files.history / "deaths.csv", r",47523,", ",47524,")
        (problem,) = belongs(then, read(), target_file=files.targets, folder=files.history)
        assert problem.what == "the posterior was made from others: the targets and the data changed since"
        assert problem.hint == f"make it anew: sdforecast calibrate --data {files.history} --targets {files.targets}"

    @pytest.mark.parametrize("told", [None, [], "none", {}, {"model": 3}])
    def test_fingerprints_that_are_none_belong_to_nothing(self, told: object) -> None:
        made = sample()
        (problem,) = belongs(replace(made, manifest={"fingerprints": told}), read())
        assert "the model's equations, the priors, the targets and the data changed" in problem.what


class TestOtherFormats:
    XMILE = """<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><vendor>someone</vendor></header><sim_specs><start>0</start><stop>9</stop><dt>1</dt></sim_specs>
<model><variables><aux name="growth rate"><doc>a note</doc><eqn>0.25</eqn></aux>
<stock name="Population"><eqn>growth rate*3</eqn></stock></variables><views><view><aux x="3" y="4"/></view></views>
</model></xmile>"""

    @pytest.mark.parametrize(
        ("old", "new", "kept"),
        [
            ("a note", "another note", True),
            ('x="3"', 'x="5"', True),
            ("someone", "someone else", True),
            ("0.25", "0.5", True),  # it has a prior
            ("rate*3", "rate*4", False),
            ("<dt>1<", "<dt>0.5<", False),
        ],
    )
    def test_xmile(self, tmp_path: Path, old: str, new: str, kept: bool) -> None:
        file = tmp_path / "one.xmile"
        file.write_text(self.XMILE)
        before = belonging._equations(file, {"growth rate"})
        assert old in self.XMILE
        file.write_text(self.XMILE.replace(old, new))
        assert (belonging._equations(file, {"growth rate"}) == before) is kept

    def test_files_that_a_model_reads_belong_to_it(self, tmp_path: Path) -> None:
        file, data = tmp_path / "one.mdl", tmp_path / "of~mine.csv"
        settings_text = "\\\\\\---/// Sketch information\n///---\\\\\\\n:L<%^E!@\n30:?mine=of~mine.csv\n"
        for text in (
            "x := GET DIRECT DATA('of~mine.csv', ',', 'A', 'B2') ~ person ~ |",
            "x := GET XLS DATA('?mine', 's', 'A', 'B2') ~~|",
        ):
            file.write_text("{UTF-8}\n" + text + settings_text)
            data.write_text("1,2\n")
            before = belonging._equations(file, ())
            data.write_text("1,3\n")
            assert belonging._equations(file, ()) != before

    @given(
        name=st.text(st.characters(codec="ascii", exclude_characters='"\\{}|\n\r'), min_size=1, max_size=12),
        value=st.integers(0, 999),
    )
    @settings(deadline=None)
    def test_names_in_quotes_hide_no_equation(self, name: str, value: int) -> None:
        """Such a name may hold any sign, that of a comment or an equation among them."""
        equation = belonging._plain_equation(f'"{name}" = {value} + other ~ unit ~ a note', ())
        assert equation == f'"{name}"={float(value)!r}+other'
        assert belonging._plain_equation(f'"{name}" = {value} ~ unit', {belonging.plain(name)}) == f'"{name}"='


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.model.unlink(), "fentanyl.mdl: cannot be read: No such file"),
        (lambda f: f.parameters.write_text("[["), "parameters.toml: is not readable TOML"),
        (lambda f: f.targets.write_bytes(b"\xff"), "targets.toml: is not readable TOML"),
        (lambda f: f.targets.write_text("a = " + "[" * 100_000), "targets.toml: is not readable TOML"),
        (lambda f: shutil.rmtree(f.history), "data: holds no history files"),
        (lambda f: (f.history / "use.csv").write_bytes(b"a\n\xff"), "use.csv: is not a readable CSV file"),
        (lambda f: (f.history / "use.csv").write_text("a\n" + "x" * 200_000), "use.csv: is not a readable CSV file"),
    ],
)
def test_what_cannot_be_read_is_told(files: Files, spoil: Callable[[Files], object], message: str) -> None:
    now = files.given()
    spoil(files)
    with pytest.raises(InputError, match=re.escape(message)):
        fingerprints(*now)
