"""The content of a report as Typst source: the whole report, and the brief of one page.

Every text is a string literal of Typst, so that nothing in it can be read as markup or code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

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
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def report(content: Content, theme: Theme, created: str) -> str:
    """Return the source of the whole report, for A4."""
    parts = [_settings(content, theme, created, paper="a4", size=10.0), _masthead(content, 22)]
    parts.append("#outline(depth: 1, title: none)\n#v(6pt)\n")
    for section in content.sections:
        parts.append(f"= {_text(section.title)} <{section.anchor}>\n")
        parts += [_block(block) for block in section.blocks]
    parts.append(f"#line(length: 100%, stroke: 0.5pt + quiet)\n{_words(content.help)}\n")
    return "\n".join(parts)


def brief(content: Content, theme: Theme, created: str, paper: str) -> str:
    """Return the source of the one page, for `a4` or `us-letter`."""
    parts = [_settings(content, theme, created, paper=paper, size=9.0), _masthead(content, 16)]
    parts += [_block(block, tall=6.6) for block in content.brief]
    parts.append(f"#v(1fr)\n#line(length: 100%, stroke: 0.5pt + quiet)\n#text(size: 8pt)[{_words(content.help)}]\n")
    return "\n".join(parts)


def _settings(content: Content, theme: Theme, created: str, *, paper: str, size: float) -> str:
    year, month, day = (int(part) for part in created[:10].split("-"))
    authors = "".join(f"{_string(name)}, " for name in content.authors)
    light = theme.light
    margin = "(x: 2.2cm, top: 1.8cm, bottom: 1.6cm)" if size < 10 else "(x: 2.2cm, y: 2.2cm)"
    return f"""#set document(title: {_string(content.title)}, author: ({authors}), date: datetime(year: {year}, month: {month}, day: {day}))
#let quiet = rgb("{light["quiet"]}")
#let warn = rgb("{light["warn"]}")
#set page(paper: "{paper}", margin: {margin}, footer: context [#set text(size: 7.5pt, fill: quiet); #{_string(content.dateline)}; #h(1fr) #counter(page).display()])
#set text(lang: "en", size: {size:g}pt, font: ("Libertinus Serif", "DejaVu Sans"), fill: rgb("{light["ink"]}"))
#set par(leading: 0.62em, spacing: 0.9em, justify: false)
#set table(stroke: (x, y) => (bottom: if y == 0 {{ 0.8pt }} else {{ 0.3pt + rgb("{light["axis"]}") }}), inset: (x: 3pt, y: 3.2pt))
#show table: set text(size: 7.5pt, font: "DejaVu Sans")
#show table: set par(leading: 0.5em)
#show table.cell.where(y: 0): set text(weight: "bold")
#show heading.where(level: 1): it => block(above: 22pt, below: 10pt, sticky: true)[#line(length: 100%, stroke: 1.4pt) #text(size: 15pt)[#it.body]]
#show heading.where(level: 2): it => block(above: 14pt, below: 7pt, sticky: true)[#text(size: 11.5pt)[#it.body]]
#show raw: set text(size: 8pt)
#show link: set text(fill: rgb("{light["link"]}"))
#let aside(body) = block(width: 100%, inset: 8pt, stroke: (left: 2.5pt + warn), fill: rgb("{light["warn-paper"]}"), text(size: 9pt, fill: warn, body))
#let author-note(body) = block(width: 100%, inset: 8pt, stroke: (left: 2.5pt + rgb("{light["link"]}")), fill: rgb("{light["soft"]}"), body)
"""


def _masthead(content: Content, size: float) -> str:
    authors = f"#text(weight: \"bold\")[{_text(', '.join(content.authors))}] \\\n" if content.authors else ""
    return (
        f'#block(below: 8pt)[#set par(leading: 0.4em); #text(size: {size:g}pt, weight: "bold")[#title()]]\n'
        f"{authors}#text(size: 8.5pt, fill: quiet)[{_text(content.dateline)}]\n\n"
    ).replace("#title()", _text(content.title))


def _block(block: Block, tall: float = TALLEST) -> str:
    match block:
        case Paragraph(role="answer"):
            return f"#text(size: 1.25em)[{_words(block.words)}]\n"
        case Paragraph(role="quiet"):
            return f"#text(size: 0.9em, fill: quiet)[{_words(block.words)}]\n"
        case Paragraph():
            return f"{_words(block.words)}\n"
        case Bullets():
            return "#list(" + ", ".join(f"[{_words(item)}]" for item in block.items) + ")\n"
        case Facts():
            pairs = "".join(f"[{_text(name)}], [{_text(_breakable(text))}], " for name, text in block.pairs)
            return (
                "#{ set text(size: 8pt); table(columns: (5.6cm, 1fr), stroke: none, inset: (x: 2pt, y: 2pt), "
                f"table.header([{_text('What')}], [{_text('Value')}]), {pairs}) }}\n"
            )
        case Listing():
            return f"#raw({_string(block.text)}, block: true)\n"
        case Caution():
            return "#aside[" + "\n\n".join(_words(words) for words in block.paragraphs) + "]\n"
        case Heading():
            return f"== {_text(block.text)}\n"
        case Figure():
            return _figure(block.chart, tall)
        case Table():
            return _table(block)
        case Folded(page_only=True):
            return f"#text(size: 0.9em, fill: quiet)[{_text(f'{block.summary}: in the page and its files.')}]\n"
        case Folded():
            return "\n".join(_block(inner) for inner in block.blocks)
        case AuthorNote():
            return "#author-note[" + "\n".join(_block(inner) for inner in block.blocks) + "]\n"
        case _:
            return ""


def _figure(chart: Chart, tall: float) -> str:
    drawing = draw(chart)
    natural = _WIDE * (drawing.height - drawing.above - drawing.below) / drawing.width
    size = f"width: 100%, height: {tall:g}cm" if natural > tall else "width: 100%"
    key = "".join(
        f'#box(width: 9pt, height: 3pt, fill: {_look(look)}, baseline: -2pt) {_text(title)} #h(8pt) '
        for _, title, look in (chart.scenarios if len(chart.scenarios) > 1 else ())
    )
    keyed = f"#text(size: 8pt)[{key}] \\\n" if key else ""
    return (
        f'#block(breakable: false, width: 100%, above: 12pt, below: 12pt)[*{_text(chart.title)}* \\\n{keyed}'
        f'#figure(image("figures/{chart.name}.svg", alt: {_string(chart.alt)}, {size}, fit: "contain"))\n'
        f"#text(size: 7.5pt, fill: quiet)[{_text(chart.note)}]]\n"
    )


def _look(look: str) -> str:
    return f"looks.at({int(look[1:])})"


def looks(theme: Theme) -> str:
    """Return the colours of scenarios as a Typst array, which the figures' keys use."""
    return "#let looks = (" + ", ".join(f'rgb("{colour}")' for colour in theme.series) + ",)\n"


def _table(it: Table) -> str:
    longest = [max([len(row[k]) for row in it.rows] + [0]) for k in range(len(it.header))]
    columns = ", ".join(
        "auto" if k in it.numeric or longest[k] < 14 else f"{min(4.0, max(1.0, longest[k] / 30)):.2g}fr"
        for k in range(len(it.header))
    )
    if "fr" not in columns:
        columns = "1fr" + columns.removeprefix("auto")
    sides = ", ".join("right" if k in it.numeric else "left" for k in range(len(it.header)))
    header = ", ".join(f"[{_text(cell)}]" for cell in it.header)
    rows = "\n".join(", ".join(f"[{_text(cell)}]" for cell in row) + "," for row in it.rows)
    return (
        f"#text(size: 8pt, fill: quiet)[{_text(it.caption)}]\n"
        f"#table(columns: ({columns},), align: ({sides},), table.header({header}),\n{rows})\n"
    )


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


Source = Callable[[Content, Theme, str], str]


def sources(content: Content, theme: Theme, created: str) -> Sequence[tuple[str, str]]:
    """Return the files for paper: name and source."""
    colours = looks(theme)
    return [
        ("report.pdf", colours + report(content, theme, created)),
        ("brief-a4.pdf", colours + brief(content, theme, created, "a4")),
        ("brief-letter.pdf", colours + brief(content, theme, created, "us-letter")),
    ]
