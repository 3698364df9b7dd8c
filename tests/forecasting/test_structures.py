"""The table of structures, and how many draws each has."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast import parameters
from sdforecast.errors import InputError
from sdforecast.forecasting.structures import Structure, chosen, load, shares
from sdforecast.model import read

GOOD = """
[[structure]]
name = "one"
title = "One"
about = "The first."
weight = 0.7

[[structure]]
name = "two"
title = "Two"
about = "The second."
weight = 0.3
policy = "borrowed"
model = "two.mdl"
hold = { "a constant" = 0 }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "structures.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_table_names_files_and_constants_that_are_there() -> None:
    found = load()
    assert sum(each.weight for each in found) == pytest.approx(1)
    assert not found[0].borrows  # pages and tables are made of the first
    for each in found:
        model, names = read(each.model), {p.name for p in parameters.load(each.parameters)}
        assert set(each.hold) <= names <= set(model.names)


def test_files_are_looked_for_beside_the_table(tmp_path: Path) -> None:
    one, two = load(written(tmp_path, GOOD))
    assert (one.model, one.borrows) == (None, False)
    assert (two.model, two.borrows) == (tmp_path / "two.mdl", True)
    assert dict(two.hold) == {"a constant": 0.0}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weight = 0.7", "weight = 0.6", "add up to 0.9"),
        ("weight = 0.7", 'weight = "much"', "'weight' is missing or is no number"),
        ("weight = 0.7", "weight = nan", "'weight' is missing or is no number"),
        ("weight = 0.7", "weight = -1", "'weight' is missing or is no number"),
        ('name = "two"', 'name = "one"', "a second time"),
        ('title = "One"', "", "'title' is missing"),
        ('policy = "borrowed"', 'policy = "borowed"', "unknown policy 'borowed'.*borrowed"),
        ('policy = "borrowed"', "policies = 1", "unknown key 'policies'.*policy"),
        ('model = "two.mdl"', "model = 2", "'model' is no name of a file"),
        ('hold = { "a constant" = 0 }', "hold = 3", "'hold' is no table of numbers"),
        ('about = "The first."', 'about = "The first."\npolicy = "borrowed"', "no structure has policies of its own"),
    ],
)
def test_faults_are_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(InputError, match=f"(?s){told}"):
        load(written(tmp_path, GOOD.replace(old, new, 1)))


def test_a_table_without_structures_is_refused(tmp_path: Path) -> None:
    for text in ("", "structure = 3", "[structure]\nname = 1"):
        with pytest.raises(InputError, match="names no structure"):
            load(written(tmp_path, text))


def test_some_may_be_chosen_but_one_with_policies_is_among_them(tmp_path: Path) -> None:
    both = load(written(tmp_path, GOOD))
    assert [each.name for each in chosen(both, ["two", "one"])] == ["one", "two"]
    with pytest.raises(InputError, match=r"no structure 'onne'.*one"):
        chosen(both, ["onne"])
    with pytest.raises(InputError, match="'two' has no policies of its own"):
        chosen(both, ["two"])


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6), st.integers(0, 2000))
def test_draws_are_shared_out_by_weight(weights: list[float], more: int) -> None:
    given_ = [Structure(str(k), "", weight=weight) for k, weight in enumerate(weights)]
    draws = len(weights) + more
    found = shares(given_, draws)
    assert sum(found) == draws and min(found) >= 1
    exact = [draws * weight / sum(weights) for weight in weights]
    if min(exact) >= 1:
        assert max(abs(n - share) for n, share in zip(found, exact, strict=True)) < 1 + 1e-3


def test_fewer_draws_than_structures_are_refused() -> None:
    with pytest.raises(InputError, match="1 draws are fewer than the 2 structures"):
        shares([Structure("a", ""), Structure("b", "")], 1)
