"""The shipped guide agrees with the model; what is made wrong on purpose is found, in the guide and in the model."""

import dataclasses
import re

import pytest

from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.documentation import drift, gather, made, out_of_date
from sdforecast.inference import Posterior


def told(text, subject, documents):
    return "\n".join(str(problem) for problem in drift(text, subject, documents.guide_file))


def test_the_shipped_guide_agrees_with_the_model(subject, documents):
    assert told(documents.text, subject, documents) == ""


def first_link(text, place):
    return re.search(rf"\[([^\]]+)\]\(REFERENCE\.md#{place}\)", text)


MUTATIONS = {
    "a variable that is not there": ("`detection base`", "`detection basis`", "no variable 'detection basis'"),
    "a variable in other letters": ("`deterrence memory`", "`Deterrence Memory`", "no variable 'Deterrence Memory'"),
    "a sector of another name": ("### Border flow", "### Border flows", "the sector 'Border flow' has no heading"),
    "a heading without a sector": (
        "### Border flow",
        "### Ports\n\n### Border flow",
        "the model has no sector 'Ports'",
    ),
    "a loop that is not there": ("## Instruments\n", "R44 is one.\n\n## Instruments\n", "there is no loop R44"),
    "a section left out": ("## Weak points", "## Points", "the section 'Weak points' is missing"),
    "an instrument without a line": ("| `visa denial` |", "| visas |", "the instrument 'visa denial' has no line"),
    "a place that is not there": ("REFERENCE.md#draws)", "REFERENCE.md#drwas)", "the reference has no 'drwas'"),
    "a file that is not there": ("`calibration/parameters.toml`", "`calibration/priors.toml`", "no file"),
    "a count without a link": ("## Purpose and use", "It has 60 stocks.\n\n## Purpose and use", "is not checked"),
    "a number of something without one": (
        "## Purpose and use",
        "[3](REFERENCE.md#dose)\n\n## Purpose and use",
        "'dose' has no one value",
    ),
    "a range of something without one": (
        "## Purpose and use",
        "[3 to 4](REFERENCE.md#dose)\n\n## Purpose and use",
        "'dose' has no range",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_what_is_made_wrong_in_the_guide_is_found(case, subject, documents):
    old, new, what = MUTATIONS[case]
    assert old in documents.text
    assert what in told(documents.text.replace(old, new), subject, documents)


@pytest.mark.parametrize("place", ["stocks", "constants", "log-density", "annual-mape", "turn-counted"])
def test_a_number_that_is_no_longer_right_is_found_on_its_line(place, subject, documents):
    link = first_link(documents.text, place)
    wrong = link[0].replace(link[1], f"{float(link[1].replace(',', '')) * 1.07:.4g}")
    text = documents.text[: link.start()] + wrong + documents.text[link.end() :]
    found = drift(text, subject, documents.guide_file)
    assert [problem.line for problem in found] == [text.count("\n", 0, link.start()) + 1]
    assert "now" in found[0].what


def test_a_range_that_is_no_longer_right_is_found(subject, documents):
    text = documents.text.replace("[20 to 200]", "[20 to 180]", 1)
    assert "'20 to 180' is 20 to 200 now" in told(text, subject, documents)


def test_numbers_follow_a_new_posterior(subject, documents):
    starts = subject.posterior.starts.assign(log_density=subject.posterior.starts["log_density"] + 10)
    later = dataclasses.replace(subject, posterior=dataclasses.replace(subject.posterior, starts=starts))
    assert isinstance(later.posterior, Posterior)
    assert "log density of the posterior at its mode" in told(documents.text, later, documents)


def test_the_alternatives_follow_their_table(subject, documents):
    first, *others = subject.alternatives["log density"]
    other = next(value for value in others if value != first)
    table = subject.alternatives.assign(**{"log density": subject.alternatives["log density"] + 0.0})
    table.loc[1, "log density"] = first - 12.34
    later = dataclasses.replace(subject, alternatives=table)
    made_later = made(later, documents.folder)
    assert "| −12.3 |" in made_later.blocks["alternatives"]
    assert "the block 'alternatives' is out of date" in str(out_of_date(made_later))
    assert f"| {other - first:+.1f} |".replace("-", "−") in documents.blocks["alternatives"]


def test_a_new_loop_needs_a_line_and_a_new_table(subject, documents):
    loop = NamedLoop("R99", "Learning", "reinforcing", ("dose", "tolerance"), "a year", {"tolerance time": 0})
    later = dataclasses.replace(subject, loops=[*subject.loops, loop])
    assert "the loop R99 (Learning) has no line" in told(documents.text, later, documents)
    assert "the block 'loops' is out of date" in str(out_of_date(made(later, documents.folder)))


def test_a_comment_that_names_a_lost_loop_is_found(subject, documents):
    later = dataclasses.replace(subject, loops=[loop for loop in subject.loops if loop.id != "R4"])
    assert "the comment of 'port share' names a loop R4" in told(documents.text, later, documents)


def test_a_new_stock_and_a_lost_constant_are_found(subject, documents):
    variables = dict(subject.graph.variables)
    lost = variables.pop("detection base")
    like = variables["naloxone kits"]
    variables["new stock"] = dataclasses.replace(like, name="new stock", sector="Demand")
    pieces = dict(subject.equations.by_name)
    pieces["detection rate"] = dataclasses.replace(pieces.pop("detection base"), name="detection rate")
    pieces["new stock"] = dataclasses.replace(pieces["naloxone kits"], name="new stock", sector="Demand")
    variables["detection rate"] = dataclasses.replace(lost, name="detection rate")
    renamed = {
        name: dataclasses.replace(
            each, inputs=tuple("detection rate" if cause == lost.name else cause for cause in each.inputs)
        )
        for name, each in variables.items()
    }
    later = dataclasses.replace(
        subject,
        graph=dataclasses.replace(subject.graph, variables=renamed),
        equations=dataclasses.replace(subject.equations, by_name=pieces),
        starts={**subject.starts, "new stock": 0.0},
    )
    stocks = len(subject.graph.of_kind("stock"))
    found = told(documents.text, later, documents)
    assert f"'{stocks}' is {stocks + 1} now" in found
    assert "no variable 'detection base' (did you mean 'detection rate'?)" in found
    stale = "\n".join(str(problem) for problem in out_of_date(made(later, documents.folder)))
    for block in ("sectors", "sector Demand"):
        assert f"the block '{block}' is out of date" in stale
    assert "REFERENCE.md: is out of date" in stale


@pytest.mark.slow
def test_a_model_file_that_changed_is_found(documents, models):
    file = models / "fentanyl.mdl"
    text = file.read_text("utf-8")
    assert text.count("few untreated =") == 1
    added = "new stock =\n\tINTEG(tolerance / few untreated, 0)\n\t~\tmg\n\t~\tDefinition.\n\t|\n\n"
    text = text.replace("few untreated =", added + "few untreated =").replace("detection base", "detection rate")
    file.write_text(text, "utf-8")
    later = gather(models)
    found = told(documents.text, later, documents)
    assert "no variable 'detection base' (did you mean 'detection rate'?)" in found
    assert "now (stocks)" in found
    stale = "\n".join(str(problem) for problem in out_of_date(made(later, models)))
    assert "the block 'sector Demand' is out of date" in stale
