"""Reading a model file with PySD, whose translation is kept in our cache folder.

PySD writes a Python module beside the model. A wheel may be read-only and processes race, so the module is
made in a folder of its own, named by what it was made from, and moved into place in one step.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import shipped
from sdforecast.errors import InputError, MachineError, Problem, nearest
from sdforecast.model.describing import Description, keep, kept
from sdforecast.model.sectors import plain, sectors
from sdforecast.model.vocabulary import CONTROL, VENSIM, XMILE

LARGEST = 50_000_000
"""Bytes beyond which a file is refused: the largest public models are below one tenth of it."""

_EXTERNAL_RANGE = re.compile(r"\bGET\s+(?:XLS|DIRECT)\s+SUBSCRIPT\s*\(\s*'([^']+)'", re.IGNORECASE)

TREATMENT = 3
"""Grows when we treat PySD's translation in another way."""

DESCRIPTION = "description-3.json"
"""Name of the file with what we tell of a model; its number grows when that changes."""

_KINDS = {"Stateful": "stock", "Constant": "constant", "Auxiliary": "auxiliary", "Lookup": "lookup", "Data": "data"}


@dataclass(frozen=True)
class ModelFile:
    """A model that PySD could read.

    Attributes
    ----------
    path : the file as the user named it.
    sha256 : hash of its bytes.
    translation : the Python module that PySD made of it.
    variables : one row a variable: name, kind (stock, auxiliary, constant, lookup, data), unit, subscripts,
        sector (its group, or view where the file has no groups), value (of a scalar constant, otherwise NaN), comment.
    control : initial and final time, step and saving period by their Vensim names; NaN where they vary.
    time_unit : unit of the time step, as written.
    """

    path: Path
    sha256: str
    translation: Path
    variables: pd.DataFrame
    control: Mapping[str, float]
    time_unit: str

    @property
    def is_shipped(self) -> bool:
        """Whether this is the model that comes with the package."""
        return self.path.resolve() == shipped.model_file().resolve()

    @property
    def names(self) -> list[str]:
        """Names of all variables, as the modeller wrote them."""
        return [str(name) for name in self.variables["name"]]

    @cached_property
    def _spelled(self) -> dict[str, str]:
        """The names by how they are looked up, those of the control variables among them."""
        return {name.casefold().replace("_", " "): name for name in reversed([*self.names, *CONTROL])}

    def name_of(self, word: str) -> str:
        """Return the variable that `word` names whatever its case; raises `InputError` with the nearest."""
        name = self._spelled.get(" ".join(word.replace("_", " ").split()).casefold())
        if name is not None:
            return name
        raise InputError(Problem(f"no variable '{word}'", file=str(self.path), hint=nearest(word, self.names)))


def read(path: str | Path | None = None) -> ModelFile:
    """Read a Vensim (.mdl) or XMILE (.xmile, .xml, .stmx) file, by default the shipped model.

    Raises `InputError` if the file is missing, too large, of another kind or not understood by PySD, and
    `MachineError` if there is no folder to put the translation in.
    """
    file = Path(path) if path is not None else shipped.model_file()
    content = _content(file)
    version = metadata.version("pysd")  # without loading it: most readings find all they need in the cache
    rest = f"\0{version}\0{TREATMENT}\0{file.parent.resolve()}\0{_hash_of_ranges(content, file.parent)}"
    key = hashlib.sha256(content + rest.encode()).hexdigest()[:32]
    translation = _folder() / key / "model.py"
    if not translation.is_file():
        _translate(file, content, translation)
    described = kept(translation.with_name(DESCRIPTION), CONTROL)
    if described is None:
        described = _described(file, content, translation)
        keep(described, translation.with_name(DESCRIPTION))
    return ModelFile(
        path=file,
        sha256=hashlib.sha256(content).hexdigest(),
        translation=translation,
        variables=described.variables,
        control=described.control,
        time_unit=described.time_unit,
    )


def _described(file: Path, content: bytes, translation: Path) -> Description:
    loaded, doc = _loaded(file, translation)
    units = dict(zip(doc["Real Name"], doc["Units"].fillna("").astype(str), strict=True))
    return Description(_variables(file, content, loaded, doc), _control(loaded), units.get("TIME STEP", ""))


def _hash_of_ranges(content: bytes, folder: Path) -> str:
    """Return a hash of the files beside a model that its subscript ranges are read from; empty without any."""
    names = sorted(set(_EXTERNAL_RANGE.findall(content.decode("utf-8", errors="replace"))))
    files = [folder / name for name in names if (folder / name).is_file()]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest() if files else ""


def hash_of(file: Path) -> str:
    """Return the SHA-256 of a model file."""
    return hashlib.sha256(_content(file)).hexdigest()


def _content(file: Path) -> bytes:
    if file.suffix.lower() not in VENSIM + XMILE:
        raise InputError(Problem("is not a model file", file=str(file), hint="expected .mdl, .xmile, .xml or .stmx"))
    if file.exists() and not file.is_file():
        raise InputError(Problem("is not a file", file=str(file)))
    if not file.is_file():
        beside = sorted(p.name for p in file.parent.glob("*") if p.suffix.lower() in VENSIM + XMILE and p.is_file())
        hint = nearest(file.name, beside) if beside else None
        raise InputError(Problem("no such model file", file=str(file), hint=hint))
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(Problem(f"is larger than {LARGEST // 1_000_000} MB", file=str(file)))
        return file.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=str(file))) from error


def _folder() -> Path:
    """Return a folder for translations: our cache, or one for this process where that cannot be written."""
    try:
        folder = shipped.cache_dir() / "translations"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        pass
    return _process_folder()


_own_folder: list[Path] = []  # made at most once, removed when the process ends


def _process_folder() -> Path:
    if not _own_folder:
        try:
            _own_folder.append(Path(tempfile.mkdtemp(prefix="sdforecast-")))
        except OSError as error:
            raise MachineError(Problem("no folder for translated models", hint="set XDG_CACHE_HOME")) from error
        atexit.register(shutil.rmtree, _own_folder[0], ignore_errors=True)
    return _own_folder[0]


def _translate(file: Path, content: bytes, translation: Path) -> None:
    """Have PySD write `translation`; whoever comes first wins, all see a whole folder."""
    from pysd.builders.python.python_model_builder import ModelBuilder

    from sdforecast.model.translating import abstract_model, with_external_ranges

    fresh = Path(tempfile.mkdtemp(prefix=".", dir=translation.parent.parent))
    try:
        suffix = file.suffix.lower()
        copy = fresh / f"model{suffix}"
        copy.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ModelBuilder(with_external_ranges(abstract_model(copy), file.parent)).build_model()
        except Exception as error:  # PySD's parsers raise whatever their libraries raise
            raise InputError(*_not_understood(file, error)) from error
        for module in fresh.glob("*.py"):  # a macro has a module of its own
            _point_at_data(module, file.parent)
        try:
            fresh.replace(translation.parent)
        except OSError:
            if not translation.is_file():
                raise
    except OSError as error:
        raise MachineError(Problem(f"cannot translate the model: {error}", file=str(translation.parent))) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _not_understood(file: Path, error: Exception) -> list[Problem]:
    from sdforecast.model.faults import faults

    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0][:200] if lines else type(error).__name__
    return faults(file) or [Problem(f"PySD does not understand this model: {reason}", file=str(file))]


def _point_at_data(module: Path, folder: Path) -> None:
    """Let external data be looked for beside the model and not beside the translation, where macros are."""
    text = module.read_text(encoding="utf-8")
    text = text.replace("_root.joinpath(", "Path(__file__).parent.joinpath(")
    text = text.replace("_root = Path(__file__).parent", f"_root = Path({str(folder.resolve())!r})")
    module.write_text(text, encoding="utf-8")


def _loaded(file: Path, translation: Path) -> tuple[Any, pd.DataFrame]:
    """Return PySD's model, not yet started, and its table of variables."""
    import pysd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = pysd.load(str(translation), initialize=False)
            return loaded, loaded.doc
    except Exception as error:  # a translated user model may fail in any way
        raise InputError(*_not_understood(file, error)) from error


def _variables(file: Path, content: bytes, loaded: Any, doc: pd.DataFrame) -> pd.DataFrame:
    sector_of = sectors(content.decode("utf-8", errors="replace"), file.suffix)
    doc = doc[~doc["Real Name"].isin(("Time", *CONTROL))]
    values = [
        _number(loaded, py) if kind == "Constant" else float("nan")
        for kind, py in zip(doc["Type"], doc["Py Name"], strict=True)
    ]
    return pd.DataFrame(
        {
            "name": doc["Real Name"].astype(str),
            "kind": doc["Type"].map(lambda kind: _KINDS.get(str(kind), str(kind).lower())),
            "unit": doc["Units"].fillna("").astype(str),
            "subscripts": doc["Subscripts"].map(lambda dims: ", ".join(dims) if dims else ""),
            "sector": doc["Real Name"].map(lambda name: sector_of.get(plain(str(name)), "")),
            "value": values,
            "comment": doc["Comment"].fillna("").map(lambda text: " ".join(str(text).split())),
        }
    ).reset_index(drop=True)


def _control(loaded: Any) -> dict[str, float]:
    formulas = loaded.components._control_vars  # PySD offers them publicly only once the model has been started
    loaded.components._init_outer_references({"scope": loaded, "time": loaded.time})  # they may refer to each other
    loaded.time.set_control_vars(**formulas)
    return {name: _evaluated(formulas[name.lower().replace(" ", "_")]) for name in CONTROL}


def _number(loaded: Any, py_name: str) -> float:
    return _evaluated(getattr(loaded.components, py_name))


def _evaluated(formula: Callable[[], Any]) -> float:
    """Return the value of a scalar that is known before a run, else NaN (external data, say, are not yet read)."""
    try:
        value = np.asarray(formula(), dtype=float)
    except Exception:  # a user's model may fail in any way
        return float("nan")
    return float(value) if value.ndim == 0 else float("nan")
