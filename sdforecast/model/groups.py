"""The groups of a Vensim file, which PySD does not keep: a heading of asterisks, then `.Name`."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^\*{8,}\s*\n\s*\.([^\n~]+?)\s*\n\*{8,}~", re.MULTILINE)
_DEFINITION = re.compile(r'^\s*("(?:[^"\\]|\\.)+"|[^\s"=~|\\{][^=~|\\\n(\[:<]*?)\s*=', re.MULTILINE)
_SKETCH = "\\\\\\---///"


def groups(text: str) -> dict[str, str]:
    """Return the group of each variable defined in the Vensim file `text`, by its name in lower case.

    Variables before the first heading are left out; so is everything in other formats.
    """
    equations = text.split(_SKETCH, 1)[0]
    headings = [(match.end(), match[1].strip().lstrip(".")) for match in _HEADING.finditer(equations)]
    found: dict[str, str] = {}
    for k, (start, name) in enumerate(headings):
        end = headings[k + 1][0] if k + 1 < len(headings) else len(equations)
        for match in _DEFINITION.finditer(equations, start, end):
            found.setdefault(" ".join(match[1].split()).lower(), name)
    return found
