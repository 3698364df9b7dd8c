"""A posterior as an object and on disk: there and back, what others read from it, and every way it can be broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.errors import InputError, MachineError
from sdforecast.inference.posterior import Posterior
from sdforecast.inference.posterior_files import CARRIED, DRAWS, load, write
from sdforecast.inference.posterior_layout import check
from tests.inference.sample_posterior import DISCREPANCY, LATENT, sample


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return sample()


@pytest.fixture(scope="module")
def written(posterior: Posterior, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "posterior"
    write(posterior, folder)
    return folder


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "posterior"))


class TestObject:
    def test_draws_stand_chain_after_chain(self, posterior: Posterior) -> None:
        constants = posterior.tree["posterior"]["constants"]
        draws = posterior.draws
        assert draws.index.name == "draw" and len(draws) == len(posterior) == 20
        for chain, draw in ((0, 0), (0, 4), (2, 3), (3, 4)):
            row = constants.sel(chain=chain, draw=draw)
            for name in draws:
                assert draws.loc[5 * chain + draw, name] == float(row.sel(parameter=name))

    def test_paths_stand_in_the_order_of_the_draws(self, posterior: Posterior) -> None:
        tree = posterior.tree["posterior"]
        latent, parts = posterior.latent(LATENT), posterior.discrepancy(DISCREPANCY)
        assert latent.dims == ("draw", "knot") and latent["knot"].to_numpy().tolist() == [0, 6, 12, 18]
        np.testing.assert_array_equal(latent[13], tree[LATENT].sel(chain=2, draw=3))
        assert set(parts) == {"discrepancy", "drift", "sd", "half-life"}
        assert parts["drift"].dims == ("draw", "month") and parts["sd"].dims == ("draw",)
        np.testing.assert_array_equal(parts["drift"][13], tree[f"{DISCREPANCY} drift"].sel(chain=2, draw=3))
        assert float(parts["half-life"][13]) == float(tree[f"{DISCREPANCY} half-life"].sel(chain=2, draw=3))

    def test_one_discrepancy_does_not_take_the_parts_of_another(self, posterior: Posterior) -> None:
        """Of two names, one may begin like the other."""
        draws = posterior.tree["posterior"].to_dataset()
        more = {
            f"{DISCREPANCY} in the west {part}": draws[f"{DISCREPANCY} {part}"] for part in ("discrepancy", "drift")
        }
        groups = {f"/{name}": group.to_dataset() for name, group in posterior.tree.children.items()}
        both = replace(posterior, tree=xr.DataTree.from_dict({**groups, "/posterior": draws.assign(more)}))
        assert both.discrepancies == [DISCREPANCY, f"{DISCREPANCY} in the west"]
        assert set(both.discrepancy(DISCREPANCY)) == {"discrepancy", "drift", "sd", "half-life"}
        assert set(both.discrepancy(f"{DISCREPANCY} in the west")) == {"discrepancy", "drift"}

    def test_the_mode_and_the_observations_are_tables(self, posterior: Posterior) -> None:
        assert posterior.best["parameter"].tolist() == posterior.draws.columns.tolist()
        assert posterior.best["value"].tolist() == posterior.tree["mode"]["position"].to_numpy()[:3].tolist()
        assert posterior.best["kind"].tolist() == ["estimated", "assumption", "literature"]
        pd.testing.assert_frame_equal(posterior.observed, posterior.residuals[["target", "start", "end", "observed"]])

    def test_another_name_is_told_with_the_nearest(self, posterior: Posterior) -> None:
        with pytest.raises(InputError, match=r"no latent series 'latent supply' \(did you mean 'latent supply shock'"):
            posterior.latent("latent supply")
        with pytest.raises(InputError, match=r"no discrepancy 'deaths'"):
            posterior.discrepancy("deaths")


class TestThinning:
    def test_chains_keep_even_parts(self, posterior: Posterior) -> None:
        thinned = posterior.thin(8)
        assert dict(thinned.tree["log_likelihood"].sizes) == {"chain": 4, "draw": 2, "observation": 12}
        for name in ("posterior", "unconstrained", "sample_stats", "log_likelihood", "posterior_predictive"):
            whole = posterior.tree[name].to_dataset().isel(draw=[1, 3]).assign_coords(draw=[0, 1])
            xr.testing.assert_identical(thinned.tree[name].to_dataset(), whole)
        xr.testing.assert_identical(thinned.tree["mode"].to_dataset(), posterior.tree["mode"].to_dataset())

    def test_so_many_as_asked_for_each_a_draw_of_its_own(self, posterior: Posterior) -> None:
        first = posterior.draws.iloc[:, 0].tolist()
        for draws in range(1, 21):
            thinned = posterior.thin(draws)
            assert len(thinned) == draws
            at = [first.index(value) for value in thinned.draws.iloc[:, 0]]
            assert at == sorted(set(at))
            np.testing.assert_array_equal(thinned.latent(LATENT), posterior.latent(LATENT)[at])  # all groups alike
            gaps = np.diff([-1, *at, 20])
            assert gaps.max() <= 2 * 20 / draws + 4  # no stretch is left out
            assert thinned.draws.equals(posterior.thin(draws).draws)

    def test_what_is_thinned_can_be_kept(self, posterior: Posterior, tmp_path: Path) -> None:
        write(posterior.thin(7), tmp_path / "posterior")
        assert len(load(tmp_path / "posterior")) == 7

    @pytest.mark.parametrize("draws", [0, -1, 21])
    def test_more_than_there_are_is_refused(self, posterior: Posterior, draws: int) -> None:
        with pytest.raises(InputError, match=rf"{draws} draws asked for \(the posterior has 1 to 20\)"):
            posterior.thin(draws)


class TestOnDisk:
    def test_there_and_back(self, posterior: Posterior, written: Path) -> None:
        again = load(written)
        assert again.manifest == posterior.manifest | {"draws_sha256": again.manifest["draws_sha256"]}
        for name in ("residuals", "fit", "learned", "diagnostics", "starts"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(posterior, name), rtol=1e-7)
        assert set(again.tree.children) == set(posterior.tree.children)
        for name, group in posterior.tree.children.items():
            read = again.tree[name].to_dataset()
            xr.testing.assert_allclose(read, group.to_dataset(), rtol=2**-12)
            assert {k: v.dims for k, v in read.items()} == {k: v.dims for k, v in group.to_dataset().items()}
        np.testing.assert_allclose(again.draws, posterior.draws, rtol=2**-24)
        assert again.best.equals(posterior.best)

    def test_the_same_posterior_is_the_same_bytes(self, posterior: Posterior, written: Path, tmp_path: Path) -> None:
        """Also later, and when it was read from a file that was written before."""
        time.sleep(1.1)  # HDF5 counts time in seconds
        write(posterior, tmp_path / "one")
        write(load(written), tmp_path / "two")
        for file in written.iterdir():
            assert (tmp_path / "one" / file.name).read_bytes() == file.read_bytes(), file.name
            assert (tmp_path / "two" / file.name).read_bytes() == file.read_bytes(), file.name

    def test_what_a_forecast_needs_is_read_alone(self, posterior: Posterior, written: Path) -> None:
        part = load(written, whole=False)
        assert set(part.tree.children) == {"posterior", "observed_data", "mode"}
        assert part.draws.equals(load(written).draws) and part.best.equals(posterior.best)

    def test_a_thousand_draws_of_300_constants_are_small(self, tmp_path: Path) -> None:
        large = sample(4, 250, 300, 30, 195)
        write(large, tmp_path / "large")
        assert sum(file.stat().st_size for file in (tmp_path / "large").iterdir()) < 5_000_000
        load(tmp_path / "large", whole=False)  # what is loaded late is loaded now
        before = time.process_time()
        load(tmp_path / "large", whole=False)
        assert time.process_time() - before < 1  # 0.2 s; the bound is for a busy machine

    def test_it_is_read_without_any_sampler(self, written: Path) -> None:
        code = f"""
import sys
from pathlib import Path
from sdforecast.inference.posterior_files import load
load(Path({str(written)!r}))
print([name for name in ('arviz', 'pymc', 'pytensor', 'nutpie', 'matplotlib') if name in sys.modules])
"""
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

    def test_an_older_one_is_replaced_and_a_strange_folder_is_not(self, posterior: Posterior, copy: Path) -> None:
        (copy / "learned.csv").write_text("old")
        write(posterior, copy)
        assert load(copy).learned.equals(posterior.learned)
        (copy / "notes.txt").write_text("mine")
        with pytest.raises(MachineError, match="holds files that are not ours"):
            write(posterior, copy)

    def test_what_cannot_be_read_again_is_not_written(self, posterior: Posterior, tmp_path: Path) -> None:
        broken = posterior.tree.copy()
        broken["posterior"][LATENT] = broken["posterior"][LATENT] * np.nan
        with pytest.raises(InputError, match=f"/posterior: '{LATENT}' holds values that are not finite"):
            write(replace(posterior, tree=broken), tmp_path / "posterior")
        with pytest.raises(InputError, match=r"residuals\.csv: is not a table of a posterior: a value is missing"):
            write(replace(posterior, residuals=posterior.residuals.assign(model=np.nan)), tmp_path / "posterior")
        with pytest.raises(InputError, match="is not the manifest of a posterior: 'created' is missing"):
            write(replace(posterior, manifest={"sdforecast": "0.1.0"}), tmp_path / "posterior")
        assert not list(tmp_path.iterdir())


class TestOthersReadIt:
    def test_arviz_finds_what_it_expects(self, written: Path) -> None:
        arviz = pytest.importorskip("arviz")
        tree = load(written).tree
        agreement = arviz.rhat(tree["posterior"].to_dataset())
        assert agreement["constants"].dims == ("parameter",) and float(agreement["constants"].max()) > 0.8
        data = arviz.from_netcdf(str(written / DRAWS))
        groups = data.children if isinstance(data, xr.DataTree) else data.groups()  # ArviZ 1, or an older one
        assert {"posterior", "sample_stats", "log_likelihood", "posterior_predictive", "observed_data"} <= set(groups)
        assert np.isfinite(float(arviz.loo(data, var_name="observed").iloc[0]))

    def test_xarray_opens_it(self, posterior: Posterior, written: Path) -> None:
        with xr.open_datatree(written / DRAWS, engine="h5netcdf") as tree:
            assert tree["posterior"]["constants"].dims == ("chain", "draw", "parameter")
            assert tree["sample_stats"]["diverging"].dtype == bool
            assert (tree["observed_data"]["start"] == posterior.tree["observed_data"]["start"]).all()


def complaint(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


Change = Callable[[h5py.File], None]


def swapped(place: str, values: object) -> Change:
    """Put other values of the same shape in place."""

    def apply(file: h5py.File) -> None:
        file[place][...] = values

    return apply


def huge(file: h5py.File) -> None:
    """A few bytes that claim to be 4 TB."""
    for key in ("position", "coordinate"):
        del file["unconstrained"][key]
    file["unconstrained"].create_dataset("position", (1_000, 1_000, 1_000_000), "f4", chunks=(10, 10, 10))


def link(file: h5py.File) -> None:
    del file["mode"]["kind"]
    file["mode"]["kind"] = h5py.ExternalLink("/etc/other.nc", "/kind")


def external(file: h5py.File) -> None:
    del file["sample_stats"]["lp"]
    file["sample_stats"].create_dataset("lp", (4, 5), "f8", external=[("/etc/hosts", 0, 160)])


def endless(file: h5py.File) -> None:
    file["mode"]["again"] = file["mode"]


def many(file: h5py.File) -> None:
    for k in range(100):
        file.create_group(f"group {k}")


READABLE = f"{DRAWS}: is not a readable posterior: "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__delitem__("mode"), f"{DRAWS}: is not a posterior: group /mode is missing"),
        (lambda f: f.move("sample_stats", "sample_stat"), f"{DRAWS}: unknown group /sample_stat (did you mean"),
        (lambda f: f["posterior"].__delitem__("constants"), f"{DRAWS}: /posterior has no 'constants'"),
        (lambda f: f["mode"].__delitem__(LATENT), f"{DRAWS}: /mode has no value of '{LATENT}' at each knot"),
        (lambda f: f["posterior"].__delitem__(f"{DISCREPANCY} drift"), f"{DRAWS}: /posterior has no '{DISCREPANCY} dr"),
        (swapped("posterior/constants", np.nan), f"{DRAWS}: /posterior: 'constants' holds values that are not finite"),
        (swapped("unconstrained/position", np.inf), f"{DRAWS}: /unconstrained: 'position' holds values that are not"),
        (swapped("posterior/parameter", "the same"), f"{DRAWS}: /posterior: 'parameter' has 'the same' twice"),
        (swapped("posterior/parameter", " "), f"{DRAWS}: /posterior: 'parameter' holds a name that is empty"),
        (swapped("mode/parameter", ["a", "b", "c" * 301]), f"{DRAWS}: /mode: 'parameter' holds a name that is empty"),
        (swapped("mode/parameter", ["a", "b", "c\x1b[31m"]), f"{DRAWS}: /mode: 'parameter' holds a name that is emp"),
        (swapped("mode/parameter", ["a", "b", "c"]), f"{DRAWS}: /mode and /posterior have different parameters"),
        (swapped("posterior/knot", [0, 6, 6, 12]), f"{DRAWS}: /posterior: 'knot' does not increase"),
        (swapped("mode/knot", [0, 6, 12, 24]), f"{DRAWS}: /mode has no value of '{LATENT}' at each knot"),
        (huge, READABLE + "/unconstrained needs 4,000,000 MB of memory"),
        (link, READABLE + "holds links to somewhere else"),
        (external, READABLE + "holds data that are in another file"),
        (endless, READABLE + "/mode has groups within it"),
        (many, READABLE + "has 107 groups"),
        (lambda f: f.create_dataset("x", data=1), READABLE + "holds data outside of its groups"),
    ],
)
def test_a_broken_file_is_told(copy: Path, change: Change, message: str) -> None:
    with h5py.File(copy / DRAWS, "a") as file:
        change(file)
    assert complaint(copy).startswith(message)


def regrouped(name: str, change: Callable[[xr.Dataset], xr.Dataset]) -> Callable[[Posterior], xr.DataTree]:
    """Return a tree with one group changed."""

    def apply(posterior: Posterior) -> xr.DataTree:
        groups = {f"/{key}": group.to_dataset() for key, group in posterior.tree.children.items()}
        return xr.DataTree.from_dict({**groups, f"/{name}": change(groups[f"/{name}"])})

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            regrouped("log_likelihood", lambda g: g.isel(draw=[0, 1])),
            "/log_likelihood has 2 along draw, /posterior has 5",
        ),
        (regrouped("sample_stats", lambda g: g.isel(chain=[0])), "/sample_stats has 1 along chain, /posterior has 4"),
        (regrouped("observed_data", lambda g: g.isel(observation=[0])), "/log_likelihood has 12 along observation"),
        (regrouped("observed_data", lambda g: g.drop_vars("start")), "/observed_data has no 'start' for each obs"),
        (regrouped("posterior", lambda g: g.isel(draw=[])), "/posterior: 'constants' is empty"),
        (regrouped("posterior", lambda g: g.mean("chain")), "/posterior: 'constants' is over (draw, parameter), not"),
        (regrouped("posterior", lambda g: g.drop_vars("knot")), "/posterior has no coordinate 'knot'"),
        (regrouped("posterior", lambda g: g.assign_coords(parameter=[1, 2, 3])), "/posterior: 'parameter' holds names"),
        (
            regrouped("mode", lambda g: g.assign(kind=("parameter", [1, 2, 3]))),
            "/mode: 'kind' holds names that are not",
        ),
        (
            regrouped("mode", lambda g: g.assign(constants=("parameter", list("abc")))),
            "/mode: 'constants' holds no num",
        ),
        (regrouped("mode", lambda g: g.isel(coordinate=[0])), "/mode and /unconstrained have different coordinates"),
    ],
)
def test_groups_that_do_not_agree_are_told(
    posterior: Posterior, change: Callable[[Posterior], xr.DataTree], message: str
) -> None:
    check(posterior.tree)
    with pytest.raises(InputError) as caught:
        check(change(posterior), "mine.nc")
    assert str(caught.value).startswith(f"mine.nc: {message}")


def test_a_damaged_file_is_told_wherever_it_ends(copy: Path) -> None:
    content = (copy / DRAWS).read_bytes()
    for part in (0, 1, 8, 96, 700, len(content) // 2, len(content) - 1):
        (copy / DRAWS).write_bytes(content[:part])
        assert complaint(copy).startswith(READABLE), part
    (copy / DRAWS).write_bytes(b"CDF\x01" + content[4:])
    assert complaint(copy).startswith(READABLE)


def test_draws_of_another_posterior_are_told(posterior: Posterior, copy: Path, tmp_path: Path) -> None:
    write(posterior.thin(8), tmp_path / "other")
    shutil.copy(tmp_path / "other" / DRAWS, copy)
    assert complaint(copy) == f"{DRAWS}: is not the file that manifest.json was written with"


def test_a_flipped_bit_of_the_draws_is_noticed(copy: Path) -> None:
    """Compressed numbers are as good a place for a fault of the disk as any; HDF5 has a checksum of each part."""
    with h5py.File(copy / DRAWS) as file:
        place = file["posterior"]["constants"].id.get_chunk_info(0)
    content = bytearray((copy / DRAWS).read_bytes())
    content[place.byte_offset + place.size // 2] ^= 1
    (copy / DRAWS).write_bytes(content)
    assert complaint(copy).startswith(READABLE)


def spoiled(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_text(change((folder / name).read_text()))

    return apply


def _without(key: str) -> Callable[[str], str]:
    return lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != key})


def _broken_tables() -> Iterator[tuple[Callable[[Path], None], str]]:
    table = "is not a table of a posterior: "
    yield lambda folder: (folder / DRAWS).unlink(), f"{DRAWS}: no such file in this posterior"
    yield lambda folder: (folder / "fit.csv").unlink(), "fit.csv: no such file in this posterior"
    yield spoiled("learned.csv", lambda text: ""), f"learned.csv: {table}"
    yield spoiled("learned.csv", lambda text: text.replace("parameter", "par")), f"learned.csv: {table}no column 'param"
    yield spoiled("starts.csv", lambda text: text.splitlines()[0]), f"starts.csv: {table}no rows"
    yield spoiled("residuals.csv", lambda text: text.replace(",2.5,", ",,", 1)), f"residuals.csv: {table}a value is mis"
    yield spoiled("residuals.csv", lambda text: text.replace(",2.5,", ",two,", 1)), f"residuals.csv: {table}could not"
    yield spoiled("residuals.csv", lambda text: text.replace("2014-02-01", "today", 1)), f"residuals.csv: {table}'toda"
    yield spoiled("manifest.json", lambda text: text[:-20]), "manifest.json: is not a manifest: "
    yield spoiled("manifest.json", lambda text: "[" * 200_000), "manifest.json: is not a manifest: "
    wrong = "manifest.json: is not the manifest of a posterior: "
    yield spoiled("manifest.json", lambda text: "[]"), f"{wrong}'fit' is missing"
    for key in (*CARRIED, "draws_sha256"):
        yield spoiled("manifest.json", _without(key)), f"{wrong}'{key}' is missing"


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert complaint(tmp_path) == f"{tmp_path}: no posterior here (make one: sdforecast calibrate)"


@pytest.mark.parametrize(("change", "message"), list(_broken_tables()))
def test_broken_tables_are_told_with_their_file(copy: Path, change: Callable[[Path], None], message: str) -> None:
    change(copy)
    assert complaint(copy).startswith(message)
