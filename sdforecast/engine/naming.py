"""Names as users type them, and the keys of variables and their elements."""

from __future__ import annotations

import re

from sdforecast.model import ModelFile

ELEMENT = re.compile(r"^(?P<name>.*)\[(?P<cell>[^\[\]]*)\]$")
"""How an element of a variable is written."""


def key_of(model: ModelFile, word: str) -> str:
    """Return the key that `word` means: a variable, or one element of it, whatever its case."""
    found = ELEMENT.match(word)
    if not found or word.casefold() in (name.casefold() for name in model.names):
        return model.name_of(word)
    cell = ", ".join(part.strip() for part in found["cell"].split(","))
    return f"{model.name_of(found['name'])}[{cell}]"
