"""`sdforecast model diagram` as a user types it."""

import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from sdforecast.cli import main
from sdforecast.cli.app import app
from tests.diagrams.models import EPIDEMIC


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.mdl"
    file.write_text(EPIDEMIC, "utf-8")
    return file


def run(*args):
    return CliRunner().invoke(app, ["model", "diagram", *map(str, args)], standalone_mode=False)


def test_one_sector_goes_to_stdout(model):
    result = run("--model", model, "--sector", "people")
    ET.fromstring(result.stdout.encode("utf-8"))
    assert "susceptible" in result.stdout


def test_all_sectors_go_to_a_folder(model, tmp_path):
    run("--model", model, "-o", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["mood.svg", "people.svg"]


def test_views_are_written_and_used(model, tmp_path):
    drawn = tmp_path / "drawn.mdl"
    assert run("--model", model, "--write-views", drawn).exception is None
    assert drawn.read_text("utf-8").count("Sketch information") == 2
    assert "caution" in run("--model", drawn, "--sector", "Mood").stdout


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--sector", "Poeple"], "did you mean 'People'?"),
        ([], "name a folder with -o"),
        (["--loops", "R1"], "no file of named loops beside the model"),
        (["--sector", "People", "-o", "people.pdf"], "cannot write a file of kind '.pdf'"),
        (["--write-views", "people.xmile"], "views are those of Vensim files"),
    ],
)
def test_what_is_wrong_is_said(model, capsys, args, what):
    assert main(["model", "diagram", "--model", str(model), *args]) == 2
    assert what in capsys.readouterr().err


def test_loops_of_the_shipped_model_by_id(tmp_path):
    assert run("--loops", "r1,B3", "-o", tmp_path).exception is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b3-depletion.svg", "r1-contact.svg"]
