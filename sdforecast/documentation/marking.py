"""Generated blocks in a text: what stands between `<!-- generated: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sdforecast.errors import Problem, nearest

_MARK = re.compile(r"^<!-- (?:generated: *(?P<name>.+?)|(?P<end>end)) *-->[ \t]*$", re.MULTILINE)
_BLOCK = re.compile(r"^<!-- generated: *(.+?) *-->[ \t]*\n(.*?)^<!-- end -->[ \t]*$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """Return `text` with every block as it should be; blocks that are not known stay as they are."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- generated: {name} -->\n{blocks[name]}\n<!-- end -->" if name in blocks else match[0]

    return _BLOCK.sub(fill, text)


def written(text: str) -> dict[str, str]:
    """Return the blocks of `text` by name, as they stand there."""
    return {match[1]: match[2].rstrip("\n") for match in _BLOCK.finditer(text)}


def misplaced(text: str, blocks: Mapping[str, str], file: str) -> list[Problem]:
    """Return marks that do not pair, blocks that are not known, stand twice, or are missing."""
    problems, open_name, seen = [], "", set()
    for match in _MARK.finditer(text):
        line, name = text.count("\n", 0, match.start()) + 1, match["name"]
        if (name is None) == (open_name == ""):
            what = f"the block '{open_name}' is not closed" if name else "an end without a block"
            problems.append(Problem(what, file=file, line=line, hint="a block ends with <!-- end -->"))
        if name is not None and name not in blocks:
            problems.append(Problem(f"no block '{name}'", file=file, line=line, hint=nearest(name, blocks)))
        if name in seen:
            problems.append(Problem(f"the block '{name}' stands twice", file=file, line=line))
        seen |= {name} if name else set()
        open_name = name or ""
    if open_name:
        problems.append(Problem(f"the block '{open_name}' is not closed", file=file))
    missing = [name for name in blocks if name not in seen]
    hint = "write <!-- generated: NAME --> and <!-- end --> on lines of their own"
    return problems + [Problem(f"the block '{name}' is missing", file=file, hint=hint) for name in missing]


def prose(text: str) -> str:
    """Return `text` with generated blocks and fenced code made blank, every line and column in its place."""
    for pattern in (_BLOCK, _FENCE):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text
