"""Where scenario files are: the shipped ones by name, others by path, parents beside their children."""

from __future__ import annotations

from pathlib import Path

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.yamltree import shown
from sdforecast.shipped import scenarios_dir

_SUFFIXES = (".yaml", ".yml")
_ORDER = "order.txt"


def shipped() -> list[str]:
    """Return the names of the shipped scenarios in the order of `order.txt`, others after them."""
    folder = scenarios_dir()
    present = sorted(path.stem for path in folder.glob("*.yaml"))
    order = folder / _ORDER
    stated = order.read_text(encoding="utf-8").split() if order.is_file() else []
    return [name for name in stated if name in present] + [name for name in present if name not in stated]


def locate(name_or_path: str | Path) -> Path:
    """Return the file of a shipped scenario's name, or of a path to a file of the user's.

    A text that ends in .yaml or .yml or has a slash is a path, any other is a name. Raises `InputError`.
    """
    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or text.lower().endswith(_SUFFIXES) or "/" in text or "\\" in text
    if is_path:
        path = Path(name_or_path)
        if not path.exists():
            raise InputError(Problem("there is no such file", file=text, hint=_hint_for_missing(path)))
        return path
    names = shipped()
    if text not in names:
        raise InputError(Problem(f"unknown scenario {shown(text)}", hint=nearest(text, names)))
    return scenarios_dir() / f"{text}.yaml"


def parent_file(name: str, folder: Path | None) -> Path | None:
    """Return the file of the scenario that one in `folder` extends: beside it, else shipped, else None."""
    candidates = [folder / f"{name}{suffix}" for suffix in _SUFFIXES] if folder is not None else []
    for path in [*candidates, scenarios_dir() / f"{name}.yaml"]:
        if path.is_file():
            return path
    return None


def parent_names(folder: Path | None) -> list[str]:
    """Return the names that a scenario in `folder` can extend."""
    beside = sorted(path.stem for path in folder.glob("*.y*ml")) if folder is not None else []
    return [*shipped(), *(name for name in beside if name not in shipped())]


def _hint_for_missing(path: Path) -> str | None:
    try:
        beside = [item.name for item in path.parent.iterdir() if item.suffix.lower() in _SUFFIXES]
    except OSError:
        beside = []
    return nearest(path.name, sorted(beside)) if beside else None
