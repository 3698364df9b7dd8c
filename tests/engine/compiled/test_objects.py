"""The cache of object code."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from sdforecast.engine.compiled import emit, objects
from sdforecast.engine.compiled.kernel import compile_kernel
from sdforecast.engine.compiled.level import Leveled
from sdforecast.errors import MachineError
from tests.engine.compiled.programs import inputs, ready, teacup
from tests.engine.compiled.random_programs import random_inputs, random_program


@pytest.fixture
def leveled() -> Leveled:
    return ready(teacup(), varied=["room"])


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often code is emitted, by the number of nodes."""
    counted: list[int] = []
    original = emit.emit

    def counting(leveled: Leveled, **how: object) -> str:
        counted.append(len(leveled.program.nodes))
        return original(leveled, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(emit, "emit", counting)
    return counted


def _result(leveled: Leveled) -> np.ndarray:
    return compile_kernel(leveled).run(inputs(leveled, 3.0))


def test_code_is_made_once(leveled: Leveled, empty_cache: Path, emitted: list[int]) -> None:
    first = _result(leveled)
    assert np.array_equal(_result(leveled), first)
    assert len(emitted) == 1
    assert len(list(empty_cache.iterdir())) == 1


def test_names_and_values_make_no_difference(empty_cache: Path, emitted: list[int]) -> None:
    _result(ready(teacup(step=0.5), varied=["room"]))
    changed = ready(teacup(step=0.5), varied=["room"])
    for parameter in changed.program.parameters:
        object.__setattr__(parameter, "value", parameter.value + 1)
        object.__setattr__(parameter, "name", parameter.name + "s")
    _result(changed)
    assert len(emitted) == 1


def test_another_program_width_question_or_gradient_is_other_code(empty_cache: Path, emitted: list[int]) -> None:
    compile_kernel(ready(teacup()))
    compile_kernel(ready(teacup(step=0.5)))
    compile_kernel(ready(teacup(), varied=["room"]))
    compile_kernel(ready(teacup(), outputs=["loss"]))
    compile_kernel(ready(teacup(), outputs=["loss", "temperature"]))
    compile_kernel(ready(teacup(method="rk4")))
    compile_kernel(ready(teacup()), widths=(1,))
    compile_kernel(ready(teacup()), gradient=True)
    assert len(emitted) == 8


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "foreign"])
def test_damaged_code_is_made_again(leveled: Leveled, empty_cache: Path, emitted: list[int], damage: str) -> None:
    first = _result(leveled)
    (file,) = empty_cache.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes({"cut": content[:-9], "bit": content, "empty": b"", "foreign": b"text" * 100}[damage])
    assert np.array_equal(_result(leveled), first)
    assert np.array_equal(_result(leveled), first)
    assert len(emitted) == 2


def test_a_cache_that_cannot_be_written_is_no_cache(
    leveled: Leveled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _result(leveled)
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert np.array_equal(_result(leveled), expected)


@pytest.mark.parametrize("limits", [{"LARGE": 0}, {"HUGE": {False: 0, True: 0}}])
def test_code_made_in_haste_gives_the_same_bits(limits: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    leveled = random_program(102)
    given, one = random_inputs(leveled, 102, 9), random_inputs(leveled, 102, 1)
    calm = compile_kernel(leveled, gradient=True)
    forward = calm.forward(one)
    cotangent = np.ones_like(forward.values)
    expected = [calm.run(given), *calm.pull(forward, cotangent)]
    for name, value in limits.items():
        monkeypatch.setattr(objects, name, value)
    monkeypatch.setattr(objects, "_place", lambda *_, **__: None)
    hasty = compile_kernel(leveled, gradient=True)
    for one_way, other in zip([hasty.run(given), *hasty.pull(hasty.forward(one), cotangent)], expected, strict=True):
        assert np.array_equal(one_way, other, equal_nan=True)


def test_many_at_the_same_time_agree(leveled: Leveled, empty_cache: Path) -> None:
    results: list[np.ndarray] = []
    workers = [threading.Thread(target=lambda: results.append(_result(leveled))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 6
    assert all(np.array_equal(result, results[0]) for result in results)
    assert len(list(empty_cache.iterdir())) == 1


def test_without_llvmlite_the_message_says_what_to_install(leveled: Leveled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(MachineError, match="llvmlite"):
        objects.load(leveled, (1,), gradient=False)
