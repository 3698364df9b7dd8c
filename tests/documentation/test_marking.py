"""Blocks between marks: filled, found again, and told where they do not pair."""

from hypothesis import given
from hypothesis import strategies as st

from sdforecast.documentation.marking import filled, misplaced, prose, written

TEXT = """\
Before.
<!-- generated: one -->
old
<!-- end -->
`name` between
<!-- generated: two -->
<!-- end -->
After.
"""


def test_blocks_are_filled_and_the_rest_stays():
    text = filled(TEXT, {"one": "new", "two": "a\nb"})
    assert written(text) == {"one": "new", "two": "a\nb"}
    assert text.startswith("Before.\n<!-- generated: one -->\nnew\n<!-- end -->\n`name` between\n")
    assert text.endswith("<!-- end -->\nAfter.\n")


@given(st.text(st.characters(exclude_characters="\r<\\"), max_size=60))
def test_filling_twice_changes_nothing(block):
    block = block.strip("\n")
    once = filled(TEXT, {"one": block, "two": block})
    assert filled(once, {"one": block, "two": block}) == once
    assert written(once) == {"one": block, "two": block}


def test_right_marks_give_no_problem():
    assert misplaced(TEXT, {"one": "", "two": ""}, "guide.md") == []


def test_each_fault_is_told_with_its_line():
    blocks = {"one": "", "two": ""}
    told = {
        "the block 'one' is not closed": TEXT.replace("old\n<!-- end -->", "old"),
        "no block 'tow'": TEXT.replace("generated: two", "generated: tow"),
        "the block 'one' stands twice": TEXT.replace("generated: two", "generated: one"),
        "an end without a block": TEXT.replace("Before.", "<!-- end -->"),
        "the block 'two' is missing": TEXT.replace("generated: two", "generated: one"),
    }
    for what, text in told.items():
        assert what in "\n".join(str(problem) for problem in misplaced(text, blocks, "guide.md")), what
    assert any(problem.line == 6 for problem in misplaced(TEXT.replace(": two", ": tow"), blocks, "guide.md"))


def test_prose_keeps_every_line_in_its_place():
    text = prose(TEXT + "```sh\n`code` 12 stocks\n```\nend")
    assert len(text.splitlines()) == len(TEXT.splitlines()) + 4
    assert "old" not in text
    assert "code" not in text
    assert "`name` between" in text
