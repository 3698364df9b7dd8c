"""What makes a result again: hashes, versions, the moment."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path

import pytest

from sdforecast.manifest import PACKAGES, hash_of, manifest, to_json


def test_it_names_the_command_the_versions_and_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    told = manifest("sdforecast run", seed=3)
    assert (told["command"], told["seed"], told["created"]) == ("sdforecast run", 3, "1970-01-02T00:00:00Z")
    assert told["packages"] == {name: metadata.version(name) for name in PACKAGES}


def test_the_hash_is_that_of_names_and_bytes_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    by_hand = hashlib.sha256(b"a\x001\x00b\x002\x00").hexdigest()
    assert hash_of([tmp_path / "b", tmp_path / "a"]) == hash_of(tmp_path.iterdir()) == by_hand
    (tmp_path / "a").rename(tmp_path / "c")
    assert hash_of(tmp_path.iterdir()) != by_hand


def test_json_has_no_nan_and_ends_with_a_newline() -> None:
    text = to_json({"µ": 1.5})
    assert json.loads(text) == {"µ": 1.5}
    assert text.endswith("}\n")
    with pytest.raises(ValueError, match="JSON"):
        to_json({"x": float("nan")})
