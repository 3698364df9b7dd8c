"""The content of a report as Typst source: the whole report, and the brief of one page.

Every text is a string literal of Typst, so that nothing in it can be read as markup or code.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sdforecast.reporting.charts import Chart, draw
from sdforecast.reporting.content import (
    AuthorNote,
    Block,
    Bullets,
    Caution,
    Code,
    Content,
    Facts,
    Figure,
    Folded,
    Heading,
    Link,
    Listing,
    Paragraph,
    Strong,
    Words,
)
from sdforecast.reporting.tables import Table
from sdforecast.reporting.theme import Theme

TALLEST = 19.0
"""Centimetres that a figure may take of a page."""
_WIDE = 16.6
_TALL = (7.4, 6.4, 5.4, 7.0, 5.4, 3.6)
_ONE_FIGURE = 3
TIGHTEST = len(_TALL) - 1
_PREAMBLE = Path(__file__).parent / "templates" / "preamble.typ"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def report(content: Content, theme: Theme, created: str) -> str:
    """Return the source of the whole report, for A4."""
    parts = [_settings(content, theme, created, paper="a4", size=10.0), _masthead(content, 22)]
    parts.append("#outline(depth: 1, title: none)\n#v(6pt)\n")
    for section in content.sections:
        parts.append(f"= {_text(section.title)} <{section.anchor}>\n")
        parts += _blocks(section.blocks)
    parts.append(f"#line(length: 100%, stroke: 0.5pt + quiet)\n{_words(content.help)}\n")
    return "\n".join(parts)


def brief(content: Content, theme: Theme, created: str, paper: str, tight: int = 0) -> str:
    """Return the source of the one page, for `a4` or `us-letter`; `tight` (up to `TIGHTEST`) says how much to give up.

    Figures get smaller first; then only the first of them is left.
    """
    parts = [_settings(content, theme, created, paper=paper, size=9.0), _masthead(content, 16)]
    figures = 0
    for block in content.brief:
        figures += isinstance(block, Figure)
        if not isinstance(block, Figure) or figures == 1 or tight < _ONE_FIGURE:
            parts.append(_block(block, _TALL[tight] if figures < 2 else _TALL[tight] * 0.55))
    parts.append(f"#v(1fr)\n#line(length: 100%, stroke: 0.5pt + quiet)\n#text(size: 8pt)[{_words(content.help)}]\n")
    return "\n".join(parts)


def _settings(content: Content, theme: Theme, created: str, *, paper: str, size: float) -> str:
    year, month, day = (int(part) for part in created[:10].split("-"))
    authors = "".join(f"{_string(name)}, " for name in content.authors)
    date = f"datetime(year: {year}, month: {month}, day: {day})"
    colours = ("ink", "quiet", "soft", "axis", "warn", "warn-paper")
    given = [
        f"#set document(title: {_string(content.title)}, author: ({authors}), date: {date})",
        f"#let paper = {_string(paper)}",
        f"#let size = {size:g}pt",
        f"#let margin-top = {'1.6' if size < 10 else '2.2'}cm",
        f"#let dateline = {_string(content.dateline)}",
        *(f'#let {name} = rgb("{theme.light[name]}")' for name in colours),
        f'#let link-colour = rgb("{theme.light["link"]}")',
        looks(theme),
    ]
    return "\n".join(given) + _PREAMBLE.read_text(encoding="utf-8")


def _masthead(content: Content, size: float) -> str:
    authors = f'#text(weight: "bold")[{_text(", ".join(content.authors))}] \\\n' if content.authors else ""
    return (
        f'#block(below: 8pt)[#set par(leading: 0.4em); #text(size: {size:g}pt, weight: "bold")[#title()]]\n'
        f"{authors}#text(size: 8.5pt, fill: quiet)[{_text(content.dateline)}]\n\n"
    ).replace("#title()", _text(content.title))


def _blocks(blocks: Sequence[Block]) -> list[str]:
    """Return blocks in their order; words right before a figure stay with it."""
    found = []
    for block, after in itertools.zip_longest(blocks, blocks[1:]):
        source = _block(block)
        stays = isinstance(block, Paragraph) and isinstance(after, Figure)
        found.append(f"#block(sticky: true)[{source}]" if stays else source)
    return found


def _block(block: Block, tall: float = TALLEST) -> str:
    if isinstance(block, Figure):
        return _figure(block.chart, tall)
    return _SETTERS[type(block)](block)


def _paragraph(block: Paragraph) -> str:
    look = {"answer": "size: 1.25em", "quiet": "size: 0.9em, fill: quiet"}.get(block.role)
    return f"#text({look})[{_words(block.words)}]\n" if look else f"{_words(block.words)}\n"


def _facts(block: Facts) -> str:
    pairs = "".join(f"[{_text(name)}], [{_text(_breakable(text))}], " for name, text in block.pairs)
    return (
        "#{ set text(size: 8pt); table(columns: (5.6cm, 1fr), stroke: none, inset: (x: 2pt, y: 2pt), "
        f"table.header([{_text('What')}], [{_text('Value')}]), {pairs}) }}\n"
    )


def _folded(block: Folded) -> str:
    if block.page_only:
        return f"#text(size: 0.9em, fill: quiet)[{_text(f'{block.summary}: in the page and its files.')}]\n"
    return "\n".join(_blocks(block.blocks))


def _figure(chart: Chart, tall: float) -> str:
    drawing = draw(chart)
    natural = _WIDE * (drawing.height - drawing.above - drawing.below) / drawing.width
    size = f"width: 100%, height: {tall:g}cm" if natural > tall else "width: 100%"
    key = "".join(
        f"#box(width: 9pt, height: 3pt, fill: {_look(look)}, baseline: -2pt) {_text(title)} #h(8pt) "
        for _, title, look in (chart.scenarios if len(chart.scenarios) > 1 else ())
    )
    keyed = f"#text(size: 8pt)[{key}] \\\n" if key else ""
    return (
        f"#block(breakable: false, width: 100%, above: 12pt, below: 12pt)[*{_text(chart.title)}* \\\n{keyed}"
        f'#figure(image("figures/{chart.name}.svg", alt: {_string(chart.alt)}, {size}, fit: "contain"))\n'
        f"#text(size: 7.5pt, fill: quiet)[{_text(chart.note)}]]\n"
    )


def _look(look: str) -> str:
    return f"looks.at({int(look[1:])})"


def looks(theme: Theme) -> str:
    """Return the colours of scenarios as a Typst array, which the figures' keys use."""
    return "#let looks = (" + ", ".join(f'rgb("{colour}")' for colour in theme.series) + ",)\n"


def _table(it: Table) -> str:
    weights = [_weight([row[k] for row in it.rows], it.header[k]) for k in range(len(it.header))]
    columns = ", ".join(f"{weight:g}fr" for weight in weights)
    sides = ", ".join("right" if k in it.numeric else "left" for k in range(len(it.header)))
    header = ", ".join(f"[{_text(cell)}]" for cell in it.header)
    rows = "\n".join(", ".join(f"[{_text(cell)}]" for cell in row) + "," for row in it.rows)
    return (
        f"#text(size: 8pt, fill: quiet)[{_text(it.caption)}]\n"
        f"#table(columns: ({columns},), align: ({sides},), table.header({header}),\n{rows})\n"
    )


def _weight(cells: Sequence[str], header: str) -> float:
    """Return how much of the width a column needs: its longest cell, or word, in letters; long texts are broken."""
    word = max((len(part) for text in (*cells, header) for part in text.split()), default=1)
    return max(min(max((len(cell) for cell in cells), default=1), 44), word, len(header) / 2) + 2


_SETTERS: dict[type, Callable[[Any], str]] = {
    Paragraph: _paragraph,
    Bullets: lambda block: "#list(" + ", ".join(f"[{_words(item)}]" for item in block.items) + ")\n",
    Facts: _facts,
    Listing: lambda block: f"#raw({_string(block.text)}, block: true)\n",
    Caution: lambda block: "#aside[" + "\n\n".join(_words(words) for words in block.paragraphs) + "]\n",
    Heading: lambda block: f"== {_text(block.text)}\n",
    Table: _table,
    Folded: _folded,
    AuthorNote: lambda block: "#author-note[" + "\n".join(_blocks(block.blocks)) + "]\n",
}


def _words(words: Words) -> str:
    if isinstance(words, str):
        return _text(words)
    return "".join(_piece(piece) for piece in words)


def _piece(piece: object) -> str:
    match piece:
        case Strong():
            return f"#strong[{_text(piece.text)}];"
        case Code():
            return f"#raw({_string(piece.text)});"
        case Link() if piece.to.startswith("#"):
            return _text(piece.text)  # a section of the page may not be one of the brief
        case Link():
            return f"#link({_string(piece.to)})[{_text(piece.text)}];"
        case _:
            return _text(str(piece))


def _breakable(text: str) -> str:
    """Let a hash break at the end of a line."""
    return re.sub(r"([0-9a-f]{16})(?=[0-9a-f])", "\\1\u200b", text)


def _text(text: str) -> str:
    return f"#{_string(text)};"


def _string(text: str) -> str:
    """Return a text as a string literal of Typst; a number and its per cent stay on one line."""
    clean = _CONTROL.sub("", text).replace(" %", "\u00a0%")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ") + '"'
