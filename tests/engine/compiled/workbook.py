"""The Excel file that models in `features` read."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from openpyxl.workbook.defined_name import DefinedName

_SHEETS: dict[str, list[list[object]]] = {
    "names": [["places"], ["here"], ["there"], ["nowhere"]],
    "numbers": [
        ["rate", 2.5],
        ["rates", 0.25],
        [None, 0.5],
        ["across", 3, 4],
        [],
        ["weights", 1, 2, 3],
        ["one", 42],
    ],
    "series": [["time", "value"], [0, 1], [2, 5], [5, 3.5], [9, 8]],
    "wide": [["t", 0, 2, 5, 8], ["a", 1, 2, 3, 4.5], ["b", 5, None, 1, 2], [], ["c", 7, 8], ["d", 9, 10]],
    "rows": [["time", 0, 2, 5, 9], ["value", 3, 1, 4, 1.5]],
}


def write_workbook(path: Path) -> None:
    """Write the file, with the cell of `one` under the name `one_number`."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in _SHEETS.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.defined_names["one_number"] = DefinedName("one_number", attr_text="numbers!$B$7")
    book.save(path)
