"""The report as PDF: set by Typst from the same content, tagged (PDF/UA-1), with bookmarks. Needs the extra `pdf`."""

from __future__ import annotations

import importlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sdforecast.errors import MachineError, Problem
from sdforecast.reporting.charts import standalone
from sdforecast.reporting.content import Content, Figure
from sdforecast.reporting.theme import Theme
from sdforecast.reporting.typeset import sources
from sdforecast.writing import write_bytes

STANDARD = "ua-1"
"""PDF/UA-1: tagged, with a title, a language and a text for every picture; Typst refuses what is not."""
LACKING = 'no PDF is written: pip install "sdforecast[pdf]"'


def write(content: Content, theme: Theme, folder: Path, created: str) -> str:
    """Write `report.pdf`, `brief-a4.pdf` and `brief-letter.pdf`; return what hinders, in one line, or nothing.

    Only fonts that come with Typst and matplotlib are used, so that a file does not depend on the machine's. Raises
    `MachineError` where the folder cannot be written, or where Typst refuses the source.
    """
    try:
        typst: Any = importlib.import_module("typst")
    except ImportError:
        return LACKING
    moment = datetime.fromisoformat(created.replace("Z", "+00:00")).astimezone(UTC)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "figures").mkdir()
        charts = [*content.charts(), *(block.chart for block in content.brief if isinstance(block, Figure))]
        for chart in charts:
            (root / "figures" / f"{chart.name}.svg").write_text(standalone(chart, theme, bare=True), encoding="utf-8")
        for name, source in sources(content, theme, created):
            main = root / f"{name}.typ"
            main.write_text(source, encoding="utf-8")
            try:
                made = typst.compile(
                    str(main), root=str(root), font_paths=[str(_fonts())], ignore_system_fonts=True,
                    pdf_standards=STANDARD, timestamp=int(moment.timestamp()),
                )  # fmt: skip
            except RuntimeError as error:
                raise MachineError(Problem(f"{name} could not be set: {str(error).splitlines()[0]}")) from error
            write_bytes(folder / name, made)
    return ""


def _fonts() -> Path:
    """Return the folder of the fonts that come with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
