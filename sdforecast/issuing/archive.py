"""The archive of issued forecasts: one folder a day, never changed, each with the hash of the one before.

    forecasts/2026-11-27/manifest.json     what it is, the SHA-256 of every file, the SHA-256 of the manifest before
    forecasts/2026-11-27/hub/              the hub as it was published

Whoever knows the hash of the newest manifest (`sdforecast evaluate` prints it) can tell whether any edition was
changed, or the newest taken away.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sdforecast.errors import CheckError, InputError, MachineError, Problem
from sdforecast.issuing.writing import FOLDER
from sdforecast.manifest import now, to_json
from sdforecast.writing import MARKER, write_text

ARCHIVE = "forecasts"
"""Where editions are put, unless another folder is named."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BESIDE = ("README.md", ".DS_Store")
_KEYS: dict[str, type | tuple[type, ...]] = {
    "edition": str, "previous": (dict, type(None)), "reference_date": str, "reference_scenario": str, "files": dict,
    "forecast": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """One issued forecast.

    Attributes
    ----------
    day : of issue, YYYY-MM-DD (UTC).
    folder : where it lies.
    manifest : what its manifest says.
    sha256 : of the manifest's bytes.
    """

    day: str
    folder: Path
    manifest: dict[str, Any]
    sha256: str

    @property
    def hub(self) -> Path:
        """The folder of its hub."""
        return self.folder / FOLDER


def editions(archive: Path) -> list[Edition]:
    """Return all editions, oldest first; none where there is no folder yet.

    Raises `InputError` for a folder without a readable manifest: see :func:`faults` for what was changed.
    """
    if not archive.exists():
        return []
    if not archive.is_dir():
        raise InputError(Problem("is not a folder", file=str(archive)))
    return [_read(path) for path in _folders(archive)]


def described(manifest: dict[str, Any], reference_date: str, reference: str) -> dict[str, Any]:
    """Return what an edition says of itself: last day of the last month counted, reference scenario, forecast."""
    return {"reference_date": reference_date, "reference_scenario": reference, "forecast": manifest}


def issue(archive: Path, hub: Path, about: Mapping[str, Any], beside: Mapping[str, str] | None = None) -> Edition:
    """Put a copy of a hub into the archive, as the edition of today.

    Parameters
    ----------
    about : of :func:`described`.
    beside : texts of further files, by name.

    Raises
    ------
    InputError : today's edition is there already, or a later one.
    CheckError : an earlier edition was changed; a chain is not continued on a broken one.
    MachineError : the archive cannot be written.
    """
    ready(archive)
    before = editions(archive)
    day = f"{now():%Y-%m-%d}"
    try:
        archive.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{day}.", dir=archive))
    except OSError as error:
        raise MachineError(Problem(f"cannot write here: {error.strerror or error}", file=str(archive))) from error
    try:
        fresh.chmod(0o755)
        shutil.copytree(hub, fresh / FOLDER)
        for name, text in (beside or {}).items():
            write_text(fresh / name, text)
        previous = {"edition": before[-1].day, "sha256": before[-1].sha256} if before else None
        record = {"edition": day, "previous": previous, "files": hashes(fresh), **about}
        write_text(fresh / MARKER, to_json(record))
        fresh.rename(archive / day)
    except OSError as error:
        raise MachineError(Problem(f"cannot write here: {error.strerror or error}", file=str(archive))) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return _read(archive / day)


def ready(archive: Path) -> None:
    """Raise `InputError` or `CheckError` if today's edition could not be put there, before any work is done."""
    broken = list(faults(archive))
    if broken:
        raise CheckError(*broken)
    day = f"{now():%Y-%m-%d}"
    last = editions(archive)[-1:]
    if last and last[0].day >= day:
        what = f"has an edition of {last[0].day} already, and editions are never replaced"
        raise InputError(Problem(what, file=str(archive), hint="issue one a day, or name another --archive"))


def faults(archive: Path) -> Iterator[Problem]:
    """Yield what was changed in an archive: a file, a manifest, an edition that is gone."""
    before: Edition | None = None
    for path in _folders(archive) if archive.is_dir() else []:
        try:
            edition = _read(path)
        except InputError as error:
            yield from error.problems
            before = None
            continue
        yield from _changed(edition)
        yield from _chain(edition, before)
        before = edition


def _chain(edition: Edition, before: Edition | None) -> Iterator[Problem]:
    told = edition.manifest["previous"]
    expected = {"edition": before.day, "sha256": before.sha256} if before else None
    if told == expected:
        return
    place = str(edition.folder / MARKER)
    if told is None:
        earlier = before.day if before else "an earlier day"
        yield Problem(f"says that it is the first edition, but there is one of {earlier}", file=place)
    elif before is None or told.get("edition") != before.day:
        yield Problem(f"follows the edition of {str(told.get('edition'))[:10]}, which is gone", file=place)
    else:
        what = f"was changed after the edition of {edition.day} was issued"
        yield Problem(what, file=str(before.folder / MARKER))


def _changed(edition: Edition) -> Iterator[Problem]:
    told, found = edition.manifest["files"], hashes(edition.folder)
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            what = "was changed" if name in told and name in found else "is gone" if name in told else "was added"
            yield Problem(f"{what} after the edition of {edition.day} was issued", file=str(edition.folder / name))


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but its manifest, by path inside it; of a link, of its target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"a link to {path.readlink()}"
        elif path.is_file() and name != MARKER:
            with path.open("rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _folders(archive: Path) -> list[Path]:
    """Return the folders of editions in order of time. Raises `InputError` for what is none."""
    entries = [path for path in sorted(archive.iterdir()) if path.name not in _BESIDE]
    left = [path for path in entries if path.name.startswith(".")]  # of a run that was broken off
    found = [path for path in entries if path not in left]
    strange = [path for path in found if not _is_day(path.name) or not path.is_dir() or path.is_symlink()]
    if strange:
        hint = "an archive holds folders YYYY-MM-DD only"
        raise InputError(Problem("is not an edition", file=str(strange[0]), hint=hint))
    return found


def _is_day(name: str) -> bool:
    try:
        return bool(_DAY.fullmatch(name)) and bool(date.fromisoformat(name))
    except ValueError:
        return False


def _read(folder: Path) -> Edition:
    path = folder / MARKER
    try:
        content = path.read_bytes()
        found = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Problem("is no manifest of an edition: it cannot be read as JSON", file=str(path))) from error
    wrong = [key for key, kind in _KEYS.items() if not isinstance(found, dict) or not isinstance(found.get(key), kind)]
    if wrong:
        raise InputError(Problem(f"is no manifest of an edition: '{wrong[0]}' is missing", file=str(path)))
    if found["edition"] != folder.name:
        what = f"is the manifest of the edition {found['edition'][:10]}, not of this one"
        raise InputError(Problem(what, file=str(path)))
    return Edition(folder.name, folder, found, hashlib.sha256(content).hexdigest())
