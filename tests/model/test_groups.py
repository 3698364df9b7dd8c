"""The groups of a Vensim file, against what PySD finds in it."""

from __future__ import annotations

from sdforecast import shipped
from sdforecast.model import read
from sdforecast.model.groups import groups

STARS = 56 * "*"
HEADING = STARS + "\n\t.{}\n" + STARS + "~\n\t\tText.\n\t|\n"


def test_variables_belong_to_the_heading_above_them() -> None:
    text = (
        "{UTF-8}\nbefore = 1\n\t~\t~\t|\n"
        + HEADING.format("First part")
        + "a long name = 2 * before\n\t~\tunit\n\t~\tHolds b = 3 in its comment.\n\t|\n"
        + HEADING.format("Second")
        + '"quoted (x)" =\n\tWITH LOOKUP(Time,([(0,0)-(1,1)],(0,0)))\n\t~\t~\t|\n'
        + "Table(\n\t(0,0),(1,1))\n\t~\t~\t|\n"
        + "cell[Place] :EXCEPT: [north] =\n\t1\n\t~\t~\t|\n"
    )
    assert groups(text) == {"a long name": "First part", '"quoted (x)"': "Second", "table": "Second", "cell": "Second"}


def test_the_drawing_is_no_part_of_the_equations() -> None:
    sketch = "\\\\\\---/// Sketch information\n" + HEADING.format("View") + "x = 1\n"
    assert groups(HEADING.format("Only") + "y = 1\n\t~\t~\t|\n" + sketch) == {"y": "Only"}


def test_a_file_without_headings_has_none() -> None:
    assert groups("{UTF-8}\nx = 1\n\t~\t~\t|\n") == {}


def test_every_variable_of_the_shipped_model_has_one() -> None:
    found = groups(shipped.model_file().read_text(encoding="utf-8"))
    names = {name.lower() for name in read().names}
    assert names <= set(found)
    assert len(set(found.values())) >= 6
