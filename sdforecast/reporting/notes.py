"""An author's Markdown as blocks of a report: paragraphs, lists, code, links. HTML in it stays text.

A note belongs to the section whose name its heading bears (`## Comparison`); what stands before the first such heading
belongs to the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.reporting.content import Block, Bullets, Code, Heading, Link, Listing, Paragraph, Piece, Section, Strong

_LONGEST = 200_000


def read(text: str, sections: Sequence[Section], file: str = "notes") -> dict[str, Sequence[Block]]:
    """Return the blocks by the anchor of their section.

    Raises `InputError` for a heading of the second level that names no section, and for a text that is far too long.
    """
    if len(text) > _LONGEST:
        raise InputError(Problem(f"is longer than {_LONGEST:,} letters", file=file))
    known = {name.casefold(): s.anchor for s in sections for name in (s.anchor, s.short, s.title)}
    tokens = MarkdownIt("commonmark", {"html": False}).parse(text)
    found: dict[str, list[Block]] = {}
    faults: list[Problem] = []
    anchor = sections[0].anchor
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end = _end(tokens, position)
        if token.type == "heading_open" and token.tag in ("h1", "h2"):
            name = tokens[position + 1].content.strip()
            if name.casefold() not in known:
                line = (token.map or [0])[0] + 1
                hint = nearest(name, [s.short for s in sections])
                faults.append(Problem(f"no section '{name}' to add a note to", file=file, line=line, hint=hint))
            anchor = known.get(name.casefold(), anchor)
        elif (block := _block(tokens[position : end + 1])) is not None:
            found.setdefault(anchor, []).append(block)
        position = end + 1
    if faults:
        raise InputError(*faults)
    return {name: blocks for name, blocks in found.items() if blocks}


def _end(tokens: Sequence[Token], start: int) -> int:
    """Return where the block that begins at `start` ends."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += tokens[position].nesting
        if depth == 0:
            return position
    return len(tokens) - 1


def _block(tokens: Sequence[Token]) -> Block | None:
    first = tokens[0].type
    inline = [token for token in tokens if token.type == "inline"]
    if first in ("fence", "code_block"):
        return Listing(tokens[0].content.rstrip("\n"))
    if not inline:
        return None
    if first == "heading_open":
        return Heading(inline[0].content)
    if first in ("bullet_list_open", "ordered_list_open"):
        return Bullets([_pieces(token.children or []) for token in inline])
    return Paragraph([piece for token in inline for piece in _pieces(token.children or [])])


def _pieces(tokens: Sequence[Token]) -> list[Piece]:
    """Return inline Markdown as pieces; an address that may not be followed leaves its words."""
    pieces: list[Piece] = []
    strong, link = False, ""
    for token in tokens:
        if token.type == "strong_open":
            strong = True
        elif token.type == "strong_close":
            strong = False
        elif token.type == "link_open":
            link = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            link = ""
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
        elif token.type == "code_inline":
            pieces.append(Code(token.content))
        elif token.content:
            pieces.append(_piece(token.content, strong, link))
    return pieces


def _piece(text: str, strong: bool, link: str) -> Piece:
    if link.startswith(("https://", "http://", "mailto:", "#")):
        return Link(text, link)
    return Strong(text) if strong else text
