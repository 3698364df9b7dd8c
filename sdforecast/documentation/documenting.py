"""The files of documentation: made, compared with what is on disk, written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdforecast import shipped
from sdforecast.documentation.blocks import blocks
from sdforecast.documentation.drawing import drawn
from sdforecast.documentation.experiments import experiments
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.marking import filled, misplaced, written
from sdforecast.documentation.reference import DRAWINGS, drawing_of, reference
from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.writing import write_text

GUIDE, REFERENCE, EXPERIMENTS = "README.md", "REFERENCE.md", "EXPERIMENTS.md"


@dataclass(frozen=True)
class Documents:
    """What the folder of the model should hold.

    Attributes
    ----------
    folder : where the files belong.
    text : the guide as it stands there.
    guide : the same with its blocks as they should be.
    blocks : the blocks by name.
    files : text of every other file, by its path below the folder.
    """

    folder: Path
    text: str
    guide: str
    blocks: dict[str, str]
    files: dict[str, str]

    @property
    def guide_file(self) -> Path:
        """Path of the guide."""
        return self.folder / GUIDE


def made(subject: Subject, folder: Path | None = None) -> Documents:
    """Make the documents of a model for `folder`, by default the shipped one. Raises `InputError` without a guide."""
    folder = folder or shipped.models_dir()
    parts = blocks(subject)
    until = subject.model.control["FINAL TIME"]
    tables = [each for each in subject.equations.by_name.values() if each.points]
    drawings = {f"{DRAWINGS}/{drawing_of(each.name)}": drawn(each, until) for each in tables}
    files = {REFERENCE: reference(subject), EXPERIMENTS: experiments(subject), **drawings}
    text = _read(folder / GUIDE)
    return Documents(folder, text, filled(text, parts), parts, files)


def out_of_date(documents: Documents) -> list[Problem]:
    """Return what differs on disk: blocks by name, files, drawings of tables that are no more."""
    text = _read(documents.guide_file)
    guide = str(documents.guide_file)
    problems = misplaced(text, documents.blocks, guide)
    there = written(text)
    problems += [
        Problem(f"the block '{name}' is out of date", file=guide, line=_line_of(text, name))
        for name, block in documents.blocks.items()
        if name in there and there[name] != block
    ]
    for name, content in documents.files.items():
        path = documents.folder / name
        if not path.is_file():
            problems.append(Problem("is missing", file=str(path)))
        elif _read(path) != content:
            problems.append(Problem("is out of date", file=str(path)))
    return problems + [Problem("draws a table that is no more", file=str(path)) for path in _stale(documents)]


def write(documents: Documents) -> list[Path]:
    """Write what differs and return it; drawings of tables that are no more are removed. Raises `MachineError`."""
    changed = []
    for name, content in {GUIDE: documents.guide, **documents.files}.items():
        path = documents.folder / name
        if not path.is_file() or _read(path) != content:
            write_text(path, content)
            changed.append(path)
    for path in _stale(documents):
        try:
            path.unlink()
        except OSError as error:
            raise MachineError(Problem(f"cannot be removed: {error.strerror or error}", file=str(path))) from error
        changed.append(path)
    return changed


def _stale(documents: Documents) -> list[Path]:
    folder = documents.folder / DRAWINGS
    return [path for path in sorted(folder.glob("*.svg")) if f"{DRAWINGS}/{path.name}" not in documents.files]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError(Problem("is not UTF-8 text", file=str(path))) from error


def _line_of(text: str, name: str) -> int:
    return text.count("\n", 0, text.index(f"<!-- generated: {name} -->")) + 1
