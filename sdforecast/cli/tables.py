"""Tables for people and JSON for programs, from the same rows."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NARROWEST = 24


def print_table(rows: Sequence[Mapping[Any, Any]], columns: Sequence[str] | None = None) -> None:
    """Print `rows` as aligned columns; numbers to the right, the last column wrapped to the terminal.

    `columns` chooses and orders the keys (default: those of the first row). None is shown as nothing.
    """
    if not rows:
        return
    names = list(columns or rows[0])
    cells = [[_text(row.get(name)) for name in names] for row in rows]
    to_right = [all(_is_number(row.get(name)) for row in rows) for name in names]
    widths = [max(len(name), *(len(line[k]) for line in cells)) for k, name in enumerate(names)]
    for line in [names, *cells]:
        padded = [cell.rjust(width) if right else cell.ljust(width)
                  for cell, width, right in zip(line, widths, to_right, strict=True)]  # fmt: skip
        click.echo(_wrapped(padded))


def print_json(value: Any) -> None:
    """Print `value` as JSON; what JSON does not know (months, days, numpy numbers) as text or number."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain))


def width() -> int:
    """Return the columns of the terminal, or 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def plain_text(text: str) -> str:
    """Return a text of a file without what would steer the terminal."""
    return _CONTROL.sub("?", text)


def _wrapped(padded: list[str]) -> str:
    indent = sum(len(cell) + 2 for cell in padded[:-1])
    room = max(width() - indent, _NARROWEST)
    last = textwrap.wrap(padded[-1].rstrip(), room) if len(padded[-1].rstrip()) > room else [padded[-1]]
    head = "".join(f"{cell}  " for cell in padded[:-1])
    return "\n".join((head if k == 0 else " " * indent) + part for k, part in enumerate(last)).rstrip()


def _is_number(value: Any) -> bool:
    return value is None or (hasattr(value, "__float__") and not isinstance(value, bool | str))


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN is a gap, too
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return plain_text(str(value))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
