"""A report in a real Chromium, read as a reader would."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdforecast.reporting import write
from tests.sample_forecast import MIXES, SCRIPT, renamed, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = f'{SCRIPT}"><img src=https://example.org/x onerror=alert(1)>'
"""The title of a policy mix, by somebody who means no good."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra 'test'")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    where = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if where is None:
        pytest.skip("no Chromium on this machine: install one (apt-get install chromium), or name it in CHROMIUM")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=where, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    write(renamed(sample(), MIXES[1], title=HOSTILE, description=HOSTILE), place)
    return place


@dataclass
class Visit:
    """A page that was opened, what it asked for, and what it complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=[(1200, "light"), (360, "dark")], ids=["wide light", "narrow dark"])
def visit(request: pytest.FixtureRequest, browser: Browser, folder: Path) -> Iterator[Visit]:
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    found = Visit(page)
    page.on("request", lambda asked: found.asked.append(asked.url))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("console", lambda told: found.complaints.append(told.text) if told.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: found.complaints.append(f"dialog {dialog.message}"))
    page.goto((folder / "index.html").as_uri())
    yield found
    page.close()
