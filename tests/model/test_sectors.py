"""Which sectors a file has, and which one a word means."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.model.sectors import has_groups, named, names, sectors
from tests.small import MODELS, small

XMILE = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><vendor>none</vendor><product version="1.0">by hand</product></header>
<sim_specs method="Euler"><start>0</start><stop>4</stop><dt>1</dt></sim_specs>
<model><variables>
<stock name="Big stock"><eqn>1</eqn><inflow>rise</inflow></stock><flow name="rise"><eqn>other</eqn></flow>
<aux name="other"><eqn>2</eqn></aux>
<group name="First_part"><entity name="Big_stock"/><entity name="rise" run="false"/></group>
<group name="Second\\npart"><var>other</var></group>
</variables></model></xmile>
"""


class TestWhich:
    def test_groups_come_before_views(self) -> None:
        text = (MODELS / "predation.mdl").read_text() + "\\\\\\---/// Sketch\n*All\n10,1,Hares,1,1,1,1,3,3,0\n"
        assert sectors(text, ".mdl")["hares"] == "Prey"

    def test_the_group_of_control_variables_alone_makes_no_groups(self) -> None:
        text = (MODELS / "views.mdl").read_text()
        assert not has_groups(text)
        assert sectors(text, ".mdl")["boats"] == "Fleet"
        assert set(small("views.mdl").variables.set_index("name")["sector"][["boats", "not drawn"]]) == {"Fleet", ""}

    def test_groups_of_xmile(self, tmp_path: Path) -> None:
        path = tmp_path / "groups.xmile"
        path.write_text(XMILE)
        table = read(path).variables
        assert dict(zip(table["name"].str.lower(), table["sector"], strict=True)) == {
            "big stock": "First part",
            "rise": "First part",
            "other": "Second part",
        }

    def test_xml_that_is_broken_has_no_groups(self) -> None:
        assert sectors(XMILE.replace("</model>", ""), ".xmile") == {}

    def test_names_are_told_apart_as_vensim_does(self) -> None:
        text = (MODELS / "predation.mdl").read_text().replace("lynx births", "Lynx_Births")
        assert sectors(text, ".mdl")["lynx births"] == "Predators"


class TestNamed:
    @pytest.mark.parametrize("word", ["Prey", "prey", " PREY "])
    def test_any_case(self, word: str) -> None:
        model = small("predation.mdl")
        assert named(model.variables, model.path, word) == "Prey"

    def test_the_nearest_is_named(self) -> None:
        model = small("predation.mdl")
        with pytest.raises(InputError, match=r"no sector 'predator' \(did you mean 'Predators'\?\)"):
            named(model.variables, model.path, "predator")

    def test_a_file_without_groups_says_so_and_lists_views(self) -> None:
        model = small("views.mdl")
        with pytest.raises(InputError, match=r"no groups, so its views are.*\(known: Fleet, Stock of fish\)"):
            named(model.variables, model.path, "zzz")

    def test_a_file_without_either(self) -> None:
        model = small("growth.xmile")
        with pytest.raises(InputError, match="neither groups nor views"):
            named(model.variables, model.path, "Prey")

    def test_each_once_and_not_that_of_control_variables(self) -> None:
        assert sorted(names(small("predation.mdl").variables)) == ["Measured", "Notes", "Predators", "Prey", "Weather"]
