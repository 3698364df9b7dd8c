from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.scenario import load


@pytest.fixture
def mix(tmp_path: Path) -> Callable[..., Path]:
    """Write scenario files into one folder and return the path of each."""

    def write(body: str, *, name: str = "mix", head: bool = True) -> Path:
        path = tmp_path / f"{name}.yaml"
        start = f"name: {name}\ntitle: A mix\n" if head else ""
        path.write_text(start + body, encoding="utf-8")
        return path

    return write


@pytest.fixture
def complaints(mix: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return what is said about a file with this body, each without the folder's name."""

    def read(body: str, **options: object) -> list[str]:
        path = mix(body, **options)
        with pytest.raises(InputError) as caught:
            load(path)
        return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]

    return read
