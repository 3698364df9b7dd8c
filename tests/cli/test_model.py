"""`model describe`, `loops` and `check` on files of any origin, and the same from Python."""

import json

import pytest

import sdforecast as sdf
from sdforecast.cli import main
from tests.small import MODELS, ROOT
from tests.structure.writing import CONTROL

SIR, XMILE = str(MODELS / "sir.mdl"), str(MODELS / "growth.xmile")
SOUND = "Stock = INTEG(-loss, start) ~ kg ~ What is there. |\nloss = Stock / life ~ kg/Month ~ What goes. |\n"
SOUND += "life = 4 ~ Month ~ How long it stays. |\nstart = 9 ~ kg ~ At first. |\n"


@pytest.fixture
def write(tmp_path):
    def written(equations):
        file = tmp_path / "model.mdl"
        file.write_text("{UTF-8}\n" + equations + CONTROL.format(step=0.25, final=5), "utf-8")
        return str(file)

    return written


def shown(capsys, *arguments):
    code = main(["model", *arguments])
    return code, *capsys.readouterr()


def test_describe_counts_what_is_there(capsys):
    code, out, err = shown(capsys, "describe", "--model", SIR, "--json")
    facts = json.loads(out)
    assert code == 0 and "as code" in err
    assert facts["variables"] == 8
    assert {kind: count for kind, count in facts["kinds"].items() if count} == {"stock": 3, "flow": 2, "constant": 3}
    assert facts["loops"] == {
        "independent": 3, "variables in loops": 4, "in the largest group": 4, "stocks that act on themselves": 0,
    }  # fmt: skip
    assert facts["time"]["step"] == 1 / 128 and facts["time"]["integration"] == "Euler"


@pytest.mark.parametrize("name", ["sir.mdl", "growth.xmile", "regions.mdl", "delay.mdl"])
def test_describe_fits_a_screen(capsys, name):
    code, out, _ = shown(capsys, "describe", "--model", str(MODELS / name))
    assert code == 0 and len(out.splitlines()) < 30 and max(map(len, out.splitlines())) <= 100
    assert name in out


def test_describe_of_the_shipped_model_names_sectors_stocks_and_inputs(capsys):
    code, out, err = shown(capsys, "describe")
    assert code == 0 and err == "" and len(out.splitlines()) < 60
    for word in ("Border flow", "US wholesale inventory", "From outside: resident population", "independent"):
        assert word in " ".join(out.split())


def test_loops_are_drawn_with_signs(capsys):
    code, out, _ = shown(capsys, "loops", "--model", SIR)
    assert code == 0
    assert out.splitlines()[0] == "all loops: 3, 2 balancing, 1 reinforcing"
    assert "Infectious –+→ infection –+→ Infectious" in out
    code, out, _ = shown(capsys, "loops", "--model", SIR, "--through", "RECOVERY", "--json")
    record = json.loads(out)
    assert [loop["variables"] for loop in record["loops"]] == [["Infectious", "recovery"]]
    assert record["loops"][0]["kind"] == "balancing" and record["complete"]


def test_loops_of_a_model_without_any(capsys):
    code, out, _ = shown(capsys, "loops", "--model", str(MODELS / "delay.mdl"))
    assert (code, out) == (0, "all loops: none\n")


def test_loops_of_a_model_that_does_not_run_have_no_signs(capsys, write):
    loop = "S = INTEG(-loss, 1) ~ kg ~ . |\nloss = S * x ~ kg/Month ~ . |\n"
    loop += "x = GET DIRECT DATA('no.csv', ',', 'A', 'B2') ~~ |\n"
    code, out, err = shown(capsys, "loops", "--model", write(loop))
    assert code == 0 and "S –?→ loss –?→ S" in out and "signs of links are not known" in err
    code, _, err = shown(capsys, "check", "--model", write(loop))
    assert code == 1 and "cannot be started" in err


def test_wrong_words_are_named(capsys):
    code, _, err = shown(capsys, "loops", "--model", SIR, "--through", "recovry")
    assert code == 2 and "did you mean 'recovery'" in err
    code, _, err = shown(capsys, "loops", "--model", SIR, "--max-length", "1")
    assert code == 2 and "--max-length" in err
    code, _, err = shown(capsys, "describe", "--model", str(MODELS / "sri.mdl"))
    assert code == 2 and "did you mean 'sir.mdl'" in err
    code, _, err = shown(capsys, "check", "--model", str(MODELS / "broken.mdl"))
    assert code == 2 and "broken.mdl" in err


def test_check_passes_a_sound_model(capsys, write):
    code, out, _ = shown(capsys, "check", "--model", write(SOUND))
    assert code == 0 and out == "4 variables, 0 errors, 0 warnings, 0 notes\n"


def test_check_fails_on_units_with_file_line_and_variable(capsys, write):
    file = write(SOUND.replace("Stock / life", "Stock / life / life"))
    code, out, err = shown(capsys, "check", "--model", file)
    assert code == 1
    assert (
        f"error: {file}:3: 'loss': the two sides do not agree: Stock / life / life is kg/Month^2, expected kg/Month"
        in err
    )
    code, out, _ = shown(capsys, "check", "--model", file, "--json")
    record = json.loads(out)
    assert code == 1 and [each["kind"] for each in record["findings"]] == ["unit"]
    assert record["findings"][0] | {"what": "", "hint": ""} == {
        "kind": "unit", "severity": "error", "variable": "loss", "line": 3, "what": "", "hint": "",
    }  # fmt: skip
    assert len(record["problems"]) == 1


def test_check_warns_without_failing_and_shows_notes_on_demand(capsys, write):
    file = write(SOUND + "idle = 3 ~ kg ~ Of no use. |\nresult = Stock * 2.5 ~ kg ~ |\n")
    code, out, _ = shown(capsys, "check", "--model", file)
    assert code == 0 and "idle (6)" in out and "result (7)" in out and "2.5" not in out
    _, out, _ = shown(capsys, "check", "--model", file, "--notes")
    assert "'result': 2.5" in out


def test_a_name_cannot_steer_the_terminal(capsys, write):
    file = write(SOUND + '"a\x1b[31mred" = 1 ~ kg ~ . |\n')
    for command in ("describe", "check"):
        _, out, err = shown(capsys, command, "--model", file)
        assert "\x1b" not in out + err


def test_check_of_the_shipped_model_compares_its_tables_too(capsys):
    _, out, _ = shown(capsys, "check", "--json")
    record = json.loads(out)
    assert record["constants"] > 100 and record["observations"] > 100
    ends = {each["variable"] for each in record["findings"] if each["kind"] == "end"}
    assert "powder purity" not in ends, "targets look at it"


def test_the_same_from_python():
    model = sdf.load_model(ROOT / "tests" / "models" / "sir.mdl")
    assert model.graph().variables["Susceptible"].outflows[0].name == "infection"
    assert len(model.loops().loops) == 3
    assert [loop.kind for loop in model.loops(through="Recovery").loops] == ["balancing"]
    assert {each.kind for each in model.check()} == {"number", "no comment", "end"}
