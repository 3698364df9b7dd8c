"""The line on which a variable is defined; neither PySD nor its trees keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sdforecast.model.vocabulary import VENSIM

_NAME = r'"(?:[^"\\]|\\.)+"|[^\s"=~|\\{}:(\[<*][^"=~|\\{}:(\[<\n]*?'
_VENSIM = re.compile(rf"(?:^|\|)\s*({_NAME})\s*(?:\[[^\]~|]*\]\s*)*(?::EXCEPT:[^=~|]*)?\s*(?::=|==|=|\(|~|:[A-Z ]+:)")
_XMILE = re.compile(r'<(?:stock|flow|aux|gf)\b[^>]*?\bname\s*=\s*"([^"]+)"', re.IGNORECASE)
_COMMENT = re.compile(r"\{[^{}]*\}")
_SKETCH = "\\\\\\---///"


def folded(name: str) -> str:
    """Return the form of a name by which places are looked up: lower case, single spaces, no quotes."""
    return " ".join(name.strip().strip('"').replace("\\n", " ").replace("_", " ").split()).casefold()


def lines(file: Path) -> Mapping[str, int]:
    """Return the line (from 1) of the first definition of each variable, by its :func:`folded` name."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return _of_vensim(text) if file.suffix.lower() in VENSIM else _of_xmile(text)


def _of_vensim(text: str) -> dict[str, int]:
    equations = text.split(_SKETCH, 1)[0]
    equations = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), equations)
    found: dict[str, int] = {}
    line = 1
    for entry in equations.split("|"):
        match = _VENSIM.match(entry)
        if match:
            found.setdefault(folded(match[1]), line + entry.count("\n", 0, match.start(1)))
        line += entry.count("\n")
    return found


def _of_xmile(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for match in _XMILE.finditer(text):
        found.setdefault(folded(match[1]), text.count("\n", 0, match.start(1)) + 1)
    return found
