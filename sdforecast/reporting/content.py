"""What a report says, as plain objects: made once from the numbers, then set as a page, as a file for paper, as data.

Nothing here knows HTML or Typst. Words are plain texts; who sets them escapes them. Only what is bold, code or a link
is marked, by pieces of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sdforecast.reporting.charts.marks import Chart
from sdforecast.reporting.tables import Table


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """Words as a machine reads them."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to an address or, with `#`, to a section. Only addresses that a reader may follow are kept."""

    text: str
    to: str

    def __post_init__(self) -> None:
        if not self.to.startswith(("#", "https://", "http://", "mailto:")):
            raise ValueError(f"no link to {self.to!r}")


Piece = str | Strong | Code | Link
Words = str | Sequence[Piece]
"""A text, or its pieces in their order."""


@dataclass(frozen=True)
class Paragraph:
    """Words of one paragraph; `role` is `answer` for the headline, `quiet` for asides."""

    words: Words
    role: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[Words]


@dataclass(frozen=True)
class Facts:
    """Pairs of name and text."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Listing:
    """A command or a file, letter by letter."""

    text: str


@dataclass(frozen=True)
class Caution:
    """What is to be read before the numbers are used."""

    paragraphs: Sequence[Words]


@dataclass(frozen=True)
class Figure:
    """A chart, with what is written under it."""

    chart: Chart

    @property
    def name(self) -> str:
        """The stem of its files."""
        return self.chart.name


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Folded:
    """What only some readers want, under one line that opens it; on paper it is left out where `page_only`."""

    summary: str
    blocks: Sequence[Block]
    page_only: bool = False


@dataclass(frozen=True)
class AuthorNote:
    """What an author of the report adds to a section, in blocks."""

    blocks: Sequence[Block]


Block = Paragraph | Bullets | Facts | Listing | Caution | Figure | Heading | Table | Folded | AuthorNote


@dataclass(frozen=True)
class Section:
    """A part of the report: its anchor, its heading, how the list of contents calls it, and its blocks."""

    anchor: str
    title: str
    short: str
    blocks: Sequence[Block] = field(default_factory=tuple)


@dataclass(frozen=True)
class Content:
    """A whole report.

    Attributes
    ----------
    title, dateline : the heading, and the line below it: data, vintage, moment.
    authors : who publishes it.
    description : what it says in short, for machines that list pages.
    headline : the answer, in sentences.
    sections : in the order of the reader.
    brief : the blocks of the one page for those who read one page.
    help : where people find help; stands at the end of everything.
    """

    title: str
    dateline: str
    authors: Sequence[str]
    description: str
    headline: Sequence[str]
    sections: Sequence[Section]
    brief: Sequence[Block]
    help: Words

    def blocks(self) -> Iterator[Block]:
        """Yield every block, those inside folds as well."""
        for section in self.sections:
            yield from _every(section.blocks)

    def charts(self) -> list[Chart]:
        """Return the charts in the order of the report."""
        return [block.chart for block in self.blocks() if isinstance(block, Figure)]

    def with_notes(self, notes: dict[str, Sequence[Block]]) -> Content:
        """Return the report with an author's blocks at the end of the sections with these anchors."""
        sections = [
            replace(section, blocks=[*section.blocks, AuthorNote(notes[section.anchor])])
            if section.anchor in notes
            else section
            for section in self.sections
        ]
        return replace(self, sections=sections)


def _every(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Folded | AuthorNote):
            yield from _every(block.blocks)


def plain(words: Words) -> str:
    """Return words without what is bold, code or link in them."""
    if isinstance(words, str):
        return words
    return "".join(piece if isinstance(piece, str) else piece.text for piece in words)
