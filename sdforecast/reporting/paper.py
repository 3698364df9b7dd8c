"""The report as PDF: set by Typst from the same content, tagged (PDF/UA-1), with bookmarks. Needs the extra `pdf`."""

from __future__ import annotations

import importlib
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sdforecast.errors import MachineError, Problem
from sdforecast.reporting.charts import standalone
from sdforecast.reporting.content import Content, Figure
from sdforecast.reporting.theme import Theme
from sdforecast.reporting.typeset import TIGHTEST, brief, report
from sdforecast.writing import write_bytes

STANDARD = "ua-1"
"""PDF/UA-1: tagged, with a title, a language and a text for every picture; Typst refuses what is not."""
LACKING = 'no PDF is written: pip install "sdforecast[pdf]"'


def write(content: Content, theme: Theme, folder: Path, created: str) -> str:
    """Write `report.pdf`, `brief-a4.pdf` and `brief-letter.pdf`; return what hinders, in one line, or nothing.

    Only fonts that come with Typst and matplotlib are used, so that a file does not depend on the machine's. A brief
    gives up figures until it is one page. Raises `MachineError` where the folder cannot be written, or where Typst
    refuses the source.
    """
    try:
        importlib.import_module("typst")
    except ImportError:
        return LACKING
    moment = datetime.fromisoformat(created.replace("Z", "+00:00")).astimezone(UTC)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "figures").mkdir()
        charts = [*content.charts(), *(block.chart for block in content.brief if isinstance(block, Figure))]
        for chart in charts:
            (root / "figures" / f"{chart.name}.svg").write_text(standalone(chart, theme, bare=True), encoding="utf-8")
        write_bytes(folder / "report.pdf", _set("report.pdf", report(content, theme, created), root, moment))
        for name, paper in (("brief-a4.pdf", "a4"), ("brief-letter.pdf", "us-letter")):
            for tight in range(TIGHTEST + 1):
                made = _set(name, brief(content, theme, created, paper, tight), root, moment)
                if pages(made) == 1:
                    break
            write_bytes(folder / name, made)
    return ""


def _set(name: str, source: str, root: Path, moment: datetime) -> bytes:
    typst: Any = importlib.import_module("typst")
    main = root / f"{name}.typ"
    main.write_text(source, encoding="utf-8")
    try:
        made: bytes = typst.compile(
            str(main), root=str(root), font_paths=[str(_fonts())], ignore_system_fonts=True, pdf_standards=STANDARD,
            timestamp=int(moment.timestamp()),
        )  # fmt: skip
    except RuntimeError as error:
        raise MachineError(Problem(f"{name} could not be set: {str(error).splitlines()[0]}")) from error
    return made


def pages(pdf: bytes) -> int:
    """Return how many pages a file of ours has: the count of the root of its tree of pages."""
    return max(int(count) for count in re.findall(rb"/Type\s*/Pages\b.*?/Count (\d+)", pdf, re.DOTALL))


def _fonts() -> Path:
    """Return the folder of the fonts that come with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
