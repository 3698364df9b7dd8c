"""Jobs of a back-test: resumed, in any order, in processes, through a client; each result kept at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("pymc")

from sdforecast.backtesting import keeping, origin_of, running
from sdforecast.backtesting.working import Setup, Task, identified, setup
from sdforecast.errors import CheckError, InputError, MachineError
from sdforecast.inference.studying import Sources
from sdforecast.model import read
from tests.backtesting import samples
from tests.small import small

MONTHS = ("2017-12", "2018-06", "2018-12")
ORIGINS = [origin_of(month) for month in MONTHS]


@pytest.fixture(scope="module")
def plain() -> Setup:
    return setup(read(), Sources(), draws=2)


@pytest.fixture(autouse=True)
def no_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(running, "perform", samples.quick)
    monkeypatch.setattr(running, "identified", samples.identified)
    monkeypatch.setattr("sdforecast.shipped.backtest_dir", lambda: tmp_path / "not shipped")


@pytest.fixture(scope="module")
def expected(plain: Setup, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("expected")
    for origin in ORIGINS:
        keeping.keep(folder, samples.quick(Task(origin, plain, {})))
    return samples.contents(folder)


def test_what_is_done_is_not_done_again(plain: Setup, tmp_path: Path, expected: dict[str, bytes]) -> None:
    running.carry_out(running.due(plain, ORIGINS[:1], tmp_path), tmp_path, jobs=1)
    left = running.due(plain, ORIGINS, tmp_path)
    assert [task.origin for task in left] == ORIGINS[1:]
    calls: list[int] = []
    running.carry_out(left, tmp_path, jobs=1, advance=lambda: calls.append(1))
    assert len(calls) == 2
    assert samples.contents(tmp_path) == expected
    assert running.due(plain, ORIGINS, tmp_path) == []
    assert len(running.due(plain, ORIGINS, tmp_path, again=True)) == 3


def test_another_plan_or_variant_is_done_anew(plain: Setup, tmp_path: Path) -> None:
    running.carry_out(running.due(plain, ORIGINS[:1], tmp_path), tmp_path, jobs=1)
    model = plain.model
    for words in ({"draws": 3}, {"seed": 2}, {"variant": "today"}, {"noise": 1}, {"method": "nuts", "draws": 2}):
        other = setup(model, Sources(), **{"draws": 2, **words})  # type: ignore[arg-type]
        assert len(running.due(other, ORIGINS[:1], tmp_path)) == 1, words


def test_new_months_make_no_old_origin_new(plain: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history may grow: what counts is what was known at the origin."""
    monkeypatch.setattr(running, "identified", identified)
    from tests.backtesting.test_knowing import corrupt

    store = tmp_path / "store"
    running.carry_out(running.due(plain, ORIGINS[:1], store), store, jobs=1)
    known = plain.known(ORIGINS[0])
    later = Setup(plain.model, plain.plan, Sources(corrupt(tmp_path / "a", known.origin, known.released, 10.0, 9)))
    assert running.due(later, ORIGINS[:1], store) == []
    before = known.origin - pd.DateOffset(years=2)
    earlier = Setup(plain.model, plain.plan, Sources(corrupt(tmp_path / "b", before, known.released, 3.0, 99_999)))
    assert len(running.due(earlier, ORIGINS[:1], store)) == 1


def test_a_damaged_file_is_named_before_any_work(plain: Setup, tmp_path: Path) -> None:
    running.carry_out(running.due(plain, ORIGINS[:1], tmp_path), tmp_path, jobs=1)
    (tmp_path / "2017-12.csv").write_text("gone")
    with pytest.raises(InputError, match=r"2017-12\.csv: is not the file that was written"):
        running.due(plain, ORIGINS, tmp_path)


def test_a_model_without_the_deaths_is_refused(plain: Setup, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no variable 'synthetic opioid deaths'"):
        running.due(Setup(small("growth.mdl"), plain.plan), ORIGINS, tmp_path)


def test_a_search_begins_at_an_earlier_run_and_at_no_later_origin(plain: Setup, tmp_path: Path) -> None:
    earlier, store = tmp_path / "earlier", tmp_path / "store"
    for month in ("2017-12", "2018-06", "2019-12"):
        keeping.keep(earlier, samples.result(month, mode={"rate": int(month[:4])}))
    months = ("2018-06", "2018-12", "2020-06")
    tasks = running.due(plain, [origin_of(month) for month in months], store, starts=earlier)
    assert [task.near_from for task in tasks] == ["2018-06", "2018-06", "2019-12"]
    assert [dict(task.near) for task in tasks] == [{"rate": 2018.0}, {"rate": 2018.0}, {"rate": 2019.0}]
    # In the folder that the run itself writes to, modes of other origins may be of this run.
    own = running.due(plain, [origin_of(month) for month in months], earlier, starts=earlier, again=True)
    assert [task.near_from for task in own] == ["2018-06", "", ""]


def test_the_other_origins_go_on_where_one_fails(plain: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "perform", samples.failing)
    with pytest.raises(CheckError, match="origin 2018-06 failed: no mode was found"):
        running.carry_out(running.due(plain, ORIGINS, tmp_path), tmp_path, jobs=1)
    assert keeping.origins_in(tmp_path) == [ORIGINS[0], ORIGINS[2]]


def test_a_missing_library_ends_it_at_once(plain: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Task] = []

    def missing(task: Task) -> None:
        calls.append(task)
        raise MachineError("statsforecast is not installed")

    monkeypatch.setattr(running, "perform", missing)
    with pytest.raises(MachineError, match="statsforecast"):
        running.carry_out(running.due(plain, ORIGINS, tmp_path), tmp_path, jobs=1)
    assert len(calls) == 1


class Backwards:
    """A client that does its jobs in the reverse order, once all are there."""

    def __init__(self, count: int) -> None:
        self.count, self.waiting = count, []  # type: ignore[var-annotated]

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, function, arguments))
        if len(self.waiting) == self.count:
            threading.Timer(0.1, self._work).start()
        return future

    def _work(self) -> None:
        for future, function, arguments in reversed(self.waiting):
            future.set_result(function(*arguments))


def test_a_client_may_do_the_jobs_in_any_order(plain: Setup, tmp_path: Path, expected: dict[str, bytes]) -> None:
    for name, client in (("a", Backwards(3)), ("b", ThreadPoolExecutor(1))):
        calls: list[int] = []
        store = tmp_path / name
        running.carry_out(
            running.due(plain, ORIGINS, store),
            store,
            client=client,
            advance=lambda: calls.append(1),  # noqa: B023
        )
        assert samples.contents(store) == expected
        assert len(calls) == 3


def test_what_came_back_before_an_interruption_is_kept(plain: Setup, tmp_path: Path) -> None:
    client = Backwards(3)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.carry_out(running.due(plain, ORIGINS, tmp_path), tmp_path, client=client, advance=interrupt)
    assert keeping.origins_in(tmp_path) == ORIGINS[2:]
    assert [task.origin for task in running.due(plain, ORIGINS, tmp_path)] == ORIGINS[:2]


@pytest.mark.slow  # starts two processes that load the package
def test_processes_give_the_same(plain: Setup, tmp_path: Path, expected: dict[str, bytes]) -> None:
    running.carry_out(running.due(plain, ORIGINS, tmp_path), tmp_path, jobs=2)
    assert samples.contents(tmp_path) == expected


@pytest.mark.slow
def test_dask_gives_the_same(plain: Setup, tmp_path: Path, expected: dict[str, bytes]) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        running.carry_out(running.due(plain, ORIGINS, tmp_path), tmp_path, client=client)
    assert samples.contents(tmp_path) == expected


def test_chains_of_another_plan_have_another_folder(plain: Setup, tmp_path: Path) -> None:
    folders = set()
    for draws in (2, 3):
        (task,) = running.due(setup(plain.model, Sources(), method="nuts", draws=draws), ORIGINS[:1], tmp_path)
        assert task.chains is not None
        assert task.chains.parent == tmp_path
        assert task.chains.name.startswith("2017-12.chains-")
        folders.add(task.chains)
    assert len(folders) == 2
    assert running.due(plain, ORIGINS[:1], tmp_path)[0].chains is None


def test_the_record_tells_what_it_was_made_from(plain: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "identified", identified)
    running.carry_out(running.due(plain, ORIGINS[:1], tmp_path), tmp_path, jobs=1)
    record = json.loads((tmp_path / "2017-12.json").read_text("utf-8"))
    assert record["model_sha256"] == plain.model.sha256
    assert record["plan"] == {"method": "laplace", "chains": 4, "draws": 2, "seed": 1}
    for name in ("known", "parameters", "targets", "hindsight", "history", "forecasts"):
        assert len(record[f"{name}_sha256"]) == 64
    assert record["command"] == "sdforecast backtest --origins 2017-12"
