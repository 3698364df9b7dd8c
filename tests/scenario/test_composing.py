from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdforecast.calendar import month_label
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.scenario import InstrumentChange, Scenario, check, instrument_ids, load, load_all, resolve, shipped
from sdforecast.scenario.composing import NO_REASON, change, mix, why, written
from sdforecast.shipped import model_file

PAST, END = 184, 311


def test_a_line_says_a_change() -> None:
    assert change("Vehicle searches = .4 from 2027-01 over 36 months to 2031-12") == InstrumentChange(
        instrument="vehicle_searches", intensity=0.4, start="2027-01", ramp_months=36, end="2031-12"
    )
    assert change("military_action=0.4 from 2027-01 with consent # asked for").consent is True
    assert change("moud=1 from 2027-01") == InstrumentChange(instrument="moud", intensity=1, start="2027-01")


def test_a_reason_stands_behind_a_hash_sign() -> None:
    assert why("moud=1 from 2027-01 # more\tclinics ") == "more clinics"
    assert why("moud=1 from 2027-01") == NO_REASON


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("mod=0.5 from 2027-01", "unknown instrument 'mod' (did you mean 'moud'?)"),
        ("moud=1.5 from 2027-01", "intensity 1.5 is not between 0 and 1"),
        ("moud=nan from 2027-01", "intensity nan is not between 0 and 1"),
        ("moud=much from 2027-01", "intensity must be a number, not 'much'"),
        ("moud=1 from 2027-13", "start '2027-13' is not a month (write YYYY-MM, such as 2027-01)"),
        ("moud=1 from 2040-01", "start: 2040-01 is outside the model's time, 2010-01 to 2035-12"),
        ("moud=1 from 2027-01 over 1.5", "ramp_months must be a whole number from 0 to 312, not '1.5'"),
        ("moud=1 from 2027-01 to 2026-12", "end 2026-12 comes before start 2027-01"),
        ("moud=1 from 2027-01 with consent", "consent is only for military_action, not for 'moud' (remove the line)"),
    ],
)
def test_a_wrong_line_is_told_in_the_words_of_a_file(line: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        change(line)
    assert [str(problem) for problem in caught.value.problems] == [f"'{line}': {what}"]


@pytest.mark.parametrize("line", ["moud", "moud=1", "moud 1 from 2027-01", "moud=1 from", "moud=1 from 2027-01 on"])
def test_what_is_no_change_gets_the_grammar(line: str) -> None:
    with pytest.raises(InputError, match="INSTRUMENT=LEVEL from YYYY-MM"):
        change(line)


printable = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=40).filter(
    lambda text: all(c.isprintable() for c in text)
)
words = st.lists(st.sampled_from(["a", "yes", "#x", "- b", "c: d", "'", '"', "", "10", "&e", "%", "|"]), max_size=40)
texts = printable | words.map(" ".join) | words.map("\n".join)
lines_of_text = texts.map(lambda text: text.replace("\n", " ")[:120])
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)


@st.composite
def mixes(draw: st.DrawFn) -> Scenario:
    changes = []
    for instrument in draw(st.lists(st.sampled_from(instrument_ids()), unique=True, max_size=4)):
        start = draw(st.integers(PAST, END))
        ramp = draw(st.integers(0, END - start))
        end = draw(st.none() | st.integers(max(start, start + ramp - 1), END))
        consent = draw(st.none() | st.booleans()) if instrument == "military_action" else None
        changes.append(
            InstrumentChange(
                instrument=instrument, intensity=draw(st.floats(0, 1)), start=month_label(start), ramp_months=ramp,
                end=None if end is None else month_label(end), consent=consent,
            )
        )  # fmt: skip
    names = draw(st.lists(lines_of_text.filter(lambda name: bool(name.strip())), max_size=4))
    assumptions = {" ".join(name.replace("_", " ").split()).casefold(): draw(numbers) for name in names}
    return Scenario(
        name=draw(
            st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True) | st.sampled_from(["no", "1-1"])
        ),
        title=draw(lines_of_text.filter(bool)),
        description=draw(texts),
        extends=draw(st.none() | st.sampled_from(shipped())),
        instruments=tuple(changes),
        assumptions={name[:120]: value for name, value in assumptions.items() if name.strip()},
        counterfactual=draw(st.booleans()),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mixes(), st.lists(texts, max_size=4))
def test_what_is_written_reads_back_the_same(tmp_path: Path, scenario: Scenario, reasons: list[str]) -> None:
    if check(scenario):
        return
    path = tmp_path / "written.yaml"
    path.write_text(written(scenario, path, reasons), encoding="utf-8")
    assert load(path) == resolve(scenario)


def test_a_mix_with_two_changes_at_once_is_refused() -> None:
    changes = [change(line).model_dump() for line in ("moud=1 from 2027-01", "moud=0.5 from 2028-01")]
    with pytest.raises(InputError, match=r"^moud changes twice at once: .* \(end that one by 2027-12\)$"):
        mix({"name": "x", "title": "X", "instruments": changes})


def test_an_unknown_parent_is_told_without_the_line_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^unknown scenario 'serches-only' \(did you mean 'searches-only'\?\)$"):
        written(mix({"name": "x", "title": "X", "extends": "serches-only"}), tmp_path / "x.yaml")


def test_one_constant_has_one_value(complaints: Callable[..., list[str]]) -> None:
    body = "parameters: {dose floor: 2}\nassumptions: {Dose_Floor: 3}\n"
    what = "'Dose_Floor' is set twice: 2 as 'dose floor' under parameters, 3 here (keep one of them)"
    assert complaints(body) == [f"mix.yaml:4:27: {what}"]


def test_a_child_counts_before_its_parent_whatever_list_or_spelling(mix: Callable[..., Path]) -> None:
    mix("assumptions: {dose_floor: 2, other: 5}\n", name="base")
    child = load(mix("extends: base\nparameters: {Dose floor: 3}\n"))
    assert (child.parameters, child.assumptions) == ({"Dose floor": 3}, {"other": 5})


def test_changes_of_one_instrument_do_not_overlap_with_the_parents(mix: Callable[..., Path]) -> None:
    # The child's changes take the place of all that the parent does to that instrument: nothing is left to contradict.
    mix("instruments:\n  - {instrument: moud, intensity: 1, start: 2027-01}\n", name="base")
    child = load(mix("extends: base\ninstruments:\n  - {instrument: moud, intensity: 0.5, start: 2028-01}\n"))
    assert [one.start for one in child.instruments] == ["2028-01"]


def test_an_overlap_in_a_parent_is_told_with_the_parents_line(
    mix: Callable[..., Path], complaints: Callable[..., list[str]]
) -> None:
    twice = (
        "  - {instrument: moud, intensity: 1, start: 2027-01}\n  - {instrument: moud, intensity: 0, start: 2028-01}\n"
    )
    mix("instruments:\n" + twice, name="base")
    (told,) = complaints("extends: base\n")
    assert told.startswith("base.yaml:5:45: moud changes twice at once")


def test_an_unknown_constant_is_told_with_file_and_line_also_in_a_parent(mix: Callable[..., Path]) -> None:
    model = read(model_file())
    mix("assumptions:\n  naloxone cieling: 0.4\n", name="base")
    path = mix("extends: base\nparameters:\n  fentanil price: 2\n")
    with pytest.raises(InputError) as caught:
        load(path, model)
    child, parent = caught.value.problems
    assert (child.file, child.line, child.what) == (str(path), 5, "the model has no constant 'fentanil price'")
    assert (parent.file, parent.line) == (str(path.parent / "base.yaml"), 4)
    assert parent.hint == "did you mean 'naloxone ceiling'?"


def test_several_files_of_one_comparison_need_names_of_their_own(mix: Callable[..., Path]) -> None:
    first = mix("")
    second = mix("name: mix\ntitle: Another\n", name="other", head=False)
    third = mix("instruments: 5\n", name="third")
    with pytest.raises(InputError) as caught:
        load_all([first, second, third, first])
    told = [(problem.file, problem.line, problem.what) for problem in caught.value.problems]
    assert told == [
        (str(second), 1, f"scenario 'mix' is also the name in {first}, and results are kept under it"),
        (str(third), 3, "instruments must be a list, not 5"),
        (None, None, "scenario 'mix' is asked for twice"),
    ]
    assert [one.name for one in load_all([first, "military-only"])] == ["mix", "military-only"]
