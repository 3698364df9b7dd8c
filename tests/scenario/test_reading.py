"""Every kind of wrong scenario file, with the whole message that its author sees.

In the bodies the sign § stands where the message must point; it is taken out before the file is written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.scenario import load, read

Complaints = Callable[..., list[str]]


def pointed(body: str, what: str, lines_before: int = 2) -> tuple[str, str]:
    """Return the body without its § and the message with the place of it."""
    before, after = body.split("§")
    line = before.count("\n") + 1 + lines_before
    column = len(before) - before.rfind("\n")
    return before + after, f"mix.yaml:{line}:{column}: {what}"


def test_a_right_file_is_read_as_written(mix: Callable[..., Path]) -> None:
    path = mix(
        "extends: military-only\n"
        "instruments: [{instrument: moud, intensity: 0.5, start: 2027-01, ramp_months: 6, end: 2028-12}]\n"
        "parameters: {naloxone effect: 0.4, b: 3}\nassumptions: {a b: 1e-3}\n"
    )
    scenario = read(path).scenario
    assert (scenario.name, scenario.title, scenario.extends) == ("mix", "A mix", "military-only")
    assert [change.model_dump() for change in scenario.instruments] == [
        {
            "instrument": "moud",
            "intensity": 0.5,
            "start": "2027-01",
            "ramp_months": 6,
            "end": "2028-12",
            "consent": None,
        }
    ]
    assert scenario.parameters == {"naloxone effect": 0.4, "b": 3.0}
    assert scenario.assumptions == {"a b": 0.001}
    assert scenario.counterfactual is False


NOT_A_NUMBER = "is not a plain number (write it in decimals, such as 0.25)"
NOT_A_NAME = "is not a scenario name (use lower-case letters, digits and single hyphens)"
NOT_A_MONTH = "is not a month (write YYYY-MM, such as 2027-01)"
KEYS = "(known: name, title, description, extends, instruments, parameters, …)"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("§titel: x", "unknown key 'titel' (did you mean 'title'?)"),
        ("§qqqq: x", f"unknown key 'qqqq' {KEYS}"),
        ("§<<: {a: 1}", f"unknown key '<<' {KEYS}"),
        ("? §[a, b]\n: 3", "a key must be text (quote it)"),
        ("§name: other", "'name' is given twice, first in line 1"),
        ("description: §5", "description must be text, not 5"),
        ("§description:\ncounterfactual: false", "description must be text, not nothing"),
        ('description: §"a\\e[31m"', "description: holds control characters"),
        ('description: §"\\ud800"', "description: is not text that can be written"),
        ("description: §" + "x" * 4001, "description: is longer than 4000 characters"),
        ("counterfactual: §yes", "counterfactual must be true or false, not 'yes'"),
        ("counterfactual: §1", "counterfactual must be true or false, not 1"),
        ("§instruments:", "instruments must be a list, not nothing"),
        ("instruments: §{moud: 1}", "instruments must be a list, not a mapping"),
        ("instruments: [§moud]", "item 1 of instruments must be a mapping of keys to values, not 'moud'"),
        ("extends: §militry-only", "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
        ("extends: §mix", "extends itself: mix → mix"),
        ("extends: §../mix", f"extends '../mix' {NOT_A_NAME}"),
        ("parameters: §[1]", "parameters must be a mapping of names to numbers, not a list"),
        ("parameters: {a: §x}", "'a' must be a number, not 'x'"),
        ("parameters: {a: §true}", "'a' must be a number, not true"),
        ("parameters: {start: §x}", "start must be a number, not 'x'"),
        ("parameters: {a: §.nan}", f".nan {NOT_A_NUMBER}"),
        ("parameters: {a: §-.inf}", f"-.inf {NOT_A_NUMBER}"),
        ("parameters: {a: §1_000}", f"1_000 {NOT_A_NUMBER}"),
        ("parameters: {a: §" + "9" * 5000 + "}", f"{'9' * 40} {NOT_A_NUMBER}"),
        ("parameters: {a: §1e999}", "'a': is not a finite number"),
        ("parameters: {§1: 2}", "a key must be text (quote it)"),
        ('parameters: {§"": 2}', "'': is empty"),
        ('assumptions: {§"x\\e[0m": 2}', "'x?[0m': holds control characters"),
        ("assumptions: §nope", "assumptions must be a mapping of names to numbers, not 'nope'"),
    ],
)
def test_wrong_keys_and_values(complaints: Complaints, body: str, what: str) -> None:
    body, expected = pointed(body, what)
    assert complaints(body + "\n") == [expected]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("intensity: §1.5", "intensity 1.5 is not between 0 and 1"),
        ("intensity: §-0.1", "intensity -0.1 is not between 0 and 1"),
        ("intensity: §true", "intensity must be a number, not true"),
        ("intensity: §'0.5'", "intensity must be a number, not '0.5'"),
        ("intensity: §[0.5]", "intensity must be a number, not a list"),
        ("§intensity:", "intensity must be a number, not nothing"),
        ("intensity: §.inf", f".inf {NOT_A_NUMBER}"),
        ("intensity: §0x1", f"0x1 {NOT_A_NUMBER}"),
        ("intensity: §0o1", f"0o1 {NOT_A_NUMBER}"),
        ("start: §2027-13", f"start '2027-13' {NOT_A_MONTH}"),
        ("start: §2027-01-01", f"start '2027-01-01' {NOT_A_MONTH}"),
        ("start: §January", f"start 'January' {NOT_A_MONTH}"),
        ("start: §2027", "start must be a month, written YYYY-MM, not 2027"),
        ("start: §2036-01", "start: 2036-01 is outside the model's time, 2010-01 to 2035-12"),
        (
            "start: §2025-04",
            "start 2025-04 is not after the last observation, 2025-04 (start later, or say 'counterfactual: true')",
        ),
        ("ramp_months: §-1", "ramp_months -1 is not between 0 and 312"),
        ("ramp_months: §313", "ramp_months 313 is not between 0 and 312"),
        ("ramp_months: §2.5", "ramp_months must be a whole number from 0 to 312, not 2.5"),
        ("end: §2026-12", "end 2026-12 comes before start 2027-01"),
        ("end: §2026-00", f"end '2026-00' {NOT_A_MONTH}"),
        (
            "end: §2027-02",
            "end 2027-02 comes before the ramp is complete (the earliest end is 2027-03; or shorten ramp_months)",
        ),
        ("consent: §yes", "consent must be true or false, not 'yes'"),
        ("consent: §true", "consent is only for military_action, not for 'moud' (remove the line)"),
        ("instrument: §mood", "unknown instrument 'mood' (did you mean 'moud'?)"),
        ("instrument: §Nalokzone", "unknown instrument 'Nalokzone' (did you mean 'naloxone'?)"),
        ("instrument: §7", "instrument must be text, not 7"),
        ("§strat: 2027-01", "unknown key 'strat' (did you mean 'start'?)"),
    ],
)
def test_wrong_changes(complaints: Complaints, line: str, what: str) -> None:
    right = {"instrument": "moud", "intensity": 0.5, "start": "2027-01", "ramp_months": 3}
    right.pop(line.split(":")[0].strip("§"), None)
    others = "".join(f"    {key}: {value}\n" for key, value in right.items())
    body, expected = pointed(f"instruments:\n  -\n{others}    {line}\n", what)
    assert complaints(body) == [expected]


@pytest.mark.parametrize("key", ["instrument", "intensity", "start"])
def test_a_missing_key_points_at_its_change(complaints: Complaints, key: str) -> None:
    change = {"instrument": "moud", "intensity": 0.5, "start": "2027-01"}
    del change[key]
    words = ", ".join(f"{name}: {value}" for name, value in change.items())
    body, expected = pointed(f"instruments:\n  - §{{{words}}}\n", f"'{key}' is missing")
    assert complaints(body) == [expected]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("§title: X\n", "'name' is missing"),
        ("§name: mix\n", "'title' is missing"),
        ("name: §My Mix\ntitle: X\n", f"name 'My Mix' {NOT_A_NAME}"),
        ("name: §a--b\ntitle: X\n", f"name 'a--b' {NOT_A_NAME}"),
        ("name: §" + "a" * 61 + "\ntitle: X\n", "name: is longer than 60 characters"),
        ('name: mix\ntitle: §""\n', "title: is empty"),
        ("name: mix\ntitle: §" + "x" * 121 + "\n", "title: is longer than 120 characters"),
        ("§", "is empty (a scenario needs at least 'name' and 'title')"),
        ("§# only a comment\n", "is empty (a scenario needs at least 'name' and 'title')"),
        ("§- a\n", "must be a mapping of keys to values (a scenario needs at least 'name' and 'title')"),
        ("§hello\n", "must be a mapping of keys to values (a scenario needs at least 'name' and 'title')"),
    ],
)
def test_wrong_heads(complaints: Complaints, text: str, what: str) -> None:
    body, expected = pointed(text, what, lines_before=0)
    assert complaints(body, head=False) == [expected]


CHANGE = "  - {{instrument: moud, intensity: 0.5, start: {}{}}}\n"


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("2027-01", "§2027-06", "the change from 2027-01 has no end (end that one by 2027-05)"),
        ("2027-01, end: 2027-06", "§2027-06", "the change from 2027-01 ends with 2027-06 (end that one by 2027-05)"),
        ("2027-01", "§2027-01", "the change from 2027-01 has no end (merge them)"),
        ("§2027-06", "2027-01", "the change from 2027-01 has no end (end that one by 2027-05)"),
    ],
)
def test_changes_of_one_instrument_must_not_overlap(complaints: Complaints, first: str, second: str, what: str) -> None:
    body = "instruments:\n" + CHANGE.format(first, "") + CHANGE.format(second, "")
    body, expected = pointed(body, f"moud changes twice at once: {what}")
    assert complaints(body) == [expected]


def test_changes_of_one_instrument_may_follow_each_other(mix: Callable[..., Path]) -> None:
    body = "instruments:\n" + CHANGE.format("2027-07", "") + CHANGE.format("2027-01, end: 2027-06", "")
    assert len(load(mix(body)).instruments) == 2


def test_a_change_may_end_as_soon_as_its_ramp_is_complete(mix: Callable[..., Path]) -> None:
    body = "instruments:\n" + CHANGE.format("2027-01, ramp_months: 3, end: 2027-03", "")
    assert load(mix(body)).instruments[0].end == "2027-03"


def test_a_counterfactual_may_start_in_the_past(mix: Callable[..., Path]) -> None:
    body = "counterfactual: true\ninstruments:\n" + CHANGE.format("2015-01", "")
    assert load(mix(body)).instruments[0].start == "2015-01"


def test_the_month_after_the_last_observation_is_not_the_past(mix: Callable[..., Path]) -> None:
    assert load(mix("instruments:\n" + CHANGE.format("2025-05", ""))).instruments[0].start == "2025-05"


def test_all_problems_of_a_file_are_told_in_the_order_of_its_lines(complaints: Complaints) -> None:
    body = (
        "extends: curent-course\ninstruments:\n"
        "  - instrument: military_acton\n    intensity: 1.5\n    start: 2027-13\n"
        "  - instrument: mood\n    intensity: 1\n    start: 2027-01\n"
        "  - instrument: moud\n    intensity: .inf\n    start: 2020-01\n"
        "  - instrument: moud\n    intensity: 1\n    start: 2020-01\n"
        "name: again\n"
    )
    assert [line.split(": ")[0] for line in complaints(body)] == [
        f"mix.yaml:{place}" for place in ("3:10", "6:16", "7:12", "8:17", "12:16", "16:12", "17:1")
    ]


def test_a_problem_of_the_parent_is_told_with_the_parents_file(
    mix: Callable[..., Path], complaints: Complaints
) -> None:
    mix("instruments: 5\n", name="base")
    assert complaints("extends: base\n") == ["base.yaml:3:14: instruments must be a list, not 5"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("name: mix\n".encode("utf-16"), "1: is not UTF-8 text"),
        (b"name: mix\ntitle: \xe9\n", "2: is not UTF-8 text"),
        (b"name: mix\ntitle: a\x00b\n", "2:9: holds a character that YAML does not allow"),
        (b"#" * 65_537, " is larger than 65,536 bytes; that is not a scenario"),
    ],
)
def test_bytes_that_are_no_scenario(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "mix.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value) == f"{path}:{what}"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: mix\r\ntitle: X\r\n")
    assert load(path).title == "X"


def test_a_folder_a_device_and_a_missing_file(tmp_path: Path) -> None:
    for path, what in ((tmp_path, "is not a file"), (Path("/dev/zero"), "is not a file")):
        with pytest.raises(InputError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: {what}"
    (tmp_path / "my-mix.yaml").write_text("name: x\ntitle: X\n")
    with pytest.raises(InputError) as caught:
        load(tmp_path / "my-mx.yaml")
    assert str(caught.value) == f"{tmp_path}/my-mx.yaml: there is no such file (did you mean 'my-mix.yaml'?)"
