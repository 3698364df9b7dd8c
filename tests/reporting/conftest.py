"""One report written once, and its page as a tree of elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import Forecast
from sdforecast.reporting import write
from sdforecast.reporting.html import render
from sdforecast.reporting.sections import Extras, content
from tests.sample_forecast import sample

VOID = {"meta", "img", "source", "link", "br", "hr", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())

    def every(self, *tags: str) -> list[Element]:
        """This element's descendants with one of these tags, in the order of the page; all without tags."""
        found = []
        for child in self.children:
            if not tags or child.tag in tags:
                found.append(child)
            found += child.every(*tags)
        return found


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.pieces.append(data)


def parse(html: str) -> Element:
    """The page as a tree; fails where an element is closed that is not the last one opened."""
    tree = _Tree()
    tree.feed(html)
    assert len(tree.open) == 1, f"<{tree.open[-1].tag}> is never closed"
    return tree.root


def page_of(forecast: Forecast, past: Backtest | None = None) -> Element:
    """The page of a forecast, without its files."""
    return parse(html_of(forecast, past))


def html_of(forecast: Forecast, past: Backtest | None = None) -> str:
    return render(content(forecast, Extras(past)))


@dataclass(frozen=True)
class Report:
    forecast: Forecast
    folder: Path

    @property
    def html(self) -> str:
        return (self.folder / "index.html").read_text(encoding="utf-8")

    @property
    def page(self) -> Element:
        return parse(self.html)


def report_of(forecast: Forecast, folder: Path) -> Report:
    write(forecast, folder)
    return Report(forecast, folder)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_of(sample(), tmp_path_factory.mktemp("report"))
