"""The files: up to date in the repository, whole, linked to places that exist, and written only where they differ."""

import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from sdforecast import documentation, shipped
from sdforecast.cli.app import app
from sdforecast.documentation.facts import facts
from sdforecast.documentation.markdown import anchor
from sdforecast.documentation.reference import DRAWINGS, drawing_of

LARGEST = 512_000
"""Bytes: GitHub shows a larger file as plain text."""


def test_the_files_in_the_repository_are_up_to_date(documents):
    assert documentation.out_of_date(documents) == []


def test_the_reference_has_every_variable_once(subject, documents):
    text = documents.files["REFERENCE.md"]
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert headings == list(subject.equations.by_name)
    assert len(text.encode()) < LARGEST


def test_every_link_of_the_reference_leads_somewhere_and_no_two_places_are_the_same(subject, documents):
    text = documents.files["REFERENCE.md"]
    headings = [anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
    places = [*headings, *re.findall(r'<a id="([^"]+)">', text)]
    assert len(places) == len(set(places))
    targets = dict(re.findall(r"^\[([^\]]+)\]: #(\S+)$", text, re.MULTILINE))
    assert set(targets.values()) <= set(places)
    shown = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    linked = re.findall(r"(?<![!\\])\[([^\]\\]+)\](?![(:])", shown)
    assert set(linked) == set(targets)
    assert set(facts(subject)) <= set(places)


def test_every_constant_is_told_with_source_and_range(subject, documents):
    parts = dict(re.findall(r"^### (.+?)\n(.*?)(?=^#|\Z)", documents.files["REFERENCE.md"], re.MULTILINE | re.DOTALL))
    for name, parameter in subject.parameters.items():
        assert f"({parameter.grade})" in parts[name]
        assert ("Fixed" if parameter.kind == "data" else "Prior") in parts[name]


def test_every_table_of_points_is_drawn(subject, documents):
    for equation in subject.equations.by_name.values():
        if equation.points:
            drawing = documents.files[f"{DRAWINGS}/{drawing_of(equation.name)}"]
            root = ElementTree.fromstring(drawing)
            dots = [each for each in root if each.tag.endswith("circle")]
            assert len(dots) == len(equation.points)
            xs = [float(dot.get("cx")) for dot in dots]
            assert xs == sorted(xs)
            assert min(xs) >= 0
            assert max(xs) <= float(root.get("width"))


def test_the_arrows_run_both_ways(subject):
    pairs = {(cause, effect) for effect, causes in subject.uses.items() for cause in causes}
    assert pairs == {(cause, effect) for cause, effects in subject.used_by.items() for effect in effects}


@pytest.fixture
def elsewhere(models, subject, monkeypatch):
    """The command works on a copy of the folder, and does not read the model again."""
    monkeypatch.setattr(documentation, "gather", lambda: subject)
    monkeypatch.setattr(shipped, "models_dir", lambda: models)
    return models


def run(*arguments):
    return CliRunner().invoke(app, ["model", "document", *arguments])


def message(result):
    return str(result.exception)


def test_the_command_says_which_block_is_out_of_date_and_writes_it(elsewhere):
    guide = elsewhere / "README.md"
    right = guide.read_text("utf-8")
    guide.write_text(right.replace("| balancing |", "| reinforcing |", 1), "utf-8")
    drawing = elsewhere / DRAWINGS / "no-more.svg"
    drawing.write_text("<svg/>", "utf-8")
    checked = run()
    assert checked.exit_code == 1
    line = right[: right.index("<!-- generated: loops")].count("\n") + 1
    assert f"README.md:{line}: the block 'loops' is out of date" in message(checked)
    assert "draws a table that is no more" in message(checked)
    assert "balancing" in right
    wrote = run("--write")
    assert wrote.exit_code == 0, wrote.output
    assert wrote.output.splitlines()[:2] == [f"wrote {guide}", f"removed {drawing}"]
    assert guide.read_text("utf-8") == right
    assert run().exit_code == 0


def test_writing_twice_changes_nothing(elsewhere):
    (elsewhere / "REFERENCE.md").unlink()
    assert run("--write").exit_code == 0
    assert run("--write").output.startswith("guide and reference agree")


def test_prose_is_not_mended_but_told(elsewhere):
    guide = elsewhere / "README.md"
    text = guide.read_text("utf-8")
    guide.write_text(text.replace("## Purpose and use", "`detection basis`\n\n## Purpose and use"), "utf-8")
    result = run("--write", "--json")
    assert "no variable 'detection basis' (did you mean 'detection base'?)" in message(result)
    assert '"written": []' in result.output


def test_a_missing_guide_is_told(elsewhere):
    (elsewhere / "README.md").unlink()
    assert "README.md: cannot be read" in message(run())
