"""A report inside a notebook: the page in a frame of its own, so that neither touches the other."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from sdforecast.reporting.content import Content


@dataclass(frozen=True)
class Report:
    """A report that was made.

    Attributes
    ----------
    content : what it says, as plain objects.
    html : the page.
    folder : where its files are; None where none were written.
    """

    content: Content
    html: str
    folder: Path | None = None

    def __repr__(self) -> str:
        where = f", in {self.folder}" if self.folder is not None else ""
        return f"<report: {self.content.title}{where}>"

    def _repr_html_(self) -> str:
        """Return the page in a frame that may run its script and give files, and nothing else."""
        return (
            f'<iframe title="{escape(self.content.title)}" srcdoc="{escape(self.html)}" '
            'sandbox="allow-scripts allow-downloads allow-modals" '
            'style="width: 100%; height: 44rem; border: 1px solid #ccc"></iframe>'
        )
