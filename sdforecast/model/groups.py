"""The groups of a Vensim file, which PySD does not keep: a heading of asterisks, then `.Name`."""

from __future__ import annotations

import re

_HEADING = re.compile(r"\*{8,}\s*\n\s*\.(?P<name>[^\n~]+?)\s*\n\*{8,}~")
_BRACES = re.compile(r"(?:\{[^}]*\}\s*)+")
_NAME = re.compile(r'(?P<name>"(?:[^"\\]|\\.)+"|[^"=~|\\{\[(:<]+)')
_SKETCH = "\\\\\\---///"


def groups(text: str) -> dict[str, str]:
    """Return the group of each variable defined in the Vensim file `text`, by its name in lower case.

    A definition ends in a bar and begins with a name, whatever follows it: an equation, subscripts, the points of a
    table. Variables before the first heading are left out; so is everything in other formats.
    """
    found: dict[str, str] = {}
    group = ""
    for entry in text.split(_SKETCH, 1)[0].split("|"):
        entry = _BRACES.sub("", entry.strip(), count=1) if entry.lstrip().startswith("{") else entry.strip()
        if heading := _HEADING.match(entry):
            group = heading["name"].strip().lstrip(".")
        elif group and (named := _NAME.match(entry)):
            found.setdefault(" ".join(named["name"].split()).lower(), group)
    return {name: group for name, group in found.items() if name}
