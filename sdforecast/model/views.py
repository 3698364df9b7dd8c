"""The views of a Vensim file: the pages of its drawing, which PySD leaves out.

Below the equations, each view begins with three lines, the last of them `*Name`. A line `10,id,name,x,y,width,height,
shape,bits,…` draws a variable. The first of its bits says whether arrows may end there, which a shadow (a variable
drawn once more elsewhere) does not have (Vensim reference manual, "Sketch Format").
"""

from __future__ import annotations

import re

SKETCH = "\\\\\\---///"
"""What the drawing begins with."""

_SETTINGS = "///---\\\\\\"
_VIEW = re.compile(r"[^\n]*\n[^\n]*\n\*(?P<view>[^\n]+)\n")
_VARIABLE = re.compile(r'^10,\d+,(?P<name>"(?:[^"\\]|\\.)+"|[^,\n]+)(?:,-?\d+){2}(?:,\d+){3},(?P<bits>\d+)')


def views(text: str) -> dict[str, str]:
    """Return the view in which each variable of the Vensim file `text` is at home, by its name in lower case.

    At home is where it is drawn first and not as a shadow. What is drawn nowhere, or only as a shadow, is left out.
    """
    found: dict[str, str] = {}
    for page in text.split(SKETCH)[1:]:
        if title := _VIEW.match(page):
            for line in page.partition(_SETTINGS)[0].splitlines():
                if (drawn := _VARIABLE.match(line)) and int(drawn["bits"]) % 2:
                    found.setdefault(" ".join(drawn["name"].split()).lower(), title["view"].strip())
    return found
