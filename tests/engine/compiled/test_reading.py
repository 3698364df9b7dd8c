"""The settings of integration, which PySD leaves out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdforecast.engine.compiled.reading import abstract_model, integration_method
from sdforecast.engine.once import once
from sdforecast.errors import InputError
from sdforecast.model import ModelFile, read
from tests.engine.compiled.comparing import text
from tests.small import MODELS, small

SKETCH = "\\\\\\---/// Sketch information - do not modify anything except names\nV300\n"
SETTINGS = SKETCH + "///---\\\\\\\n:L<%^E!@\n1:run.vdf\n9:run\n15:0,0,0,{code},0,0\n19:100,0\n"


def vensim(folder: Path, code: object, equations: str = "x = INTEG(-x, 1)", **control: object) -> Path:
    file = folder / "model.mdl"
    file.write_text(text(equations, **control) + "\n" + SETTINGS.replace("{code}", str(code)))
    return file


@pytest.mark.parametrize(
    ("code", "method"), [(0, "euler"), (1, "rk4"), (2, "euler"), (3, "rk4"), (4, "rk4"), (5, "rk4")]
)
def test_vensims_line_15(tmp_path: Path, code: int, method: str) -> None:
    assert integration_method(vensim(tmp_path, code)) == method


def test_without_settings_it_is_euler(tmp_path: Path) -> None:
    assert integration_method(MODELS / "growth.mdl") == "euler"
    strange = tmp_path / "strange.mdl"
    strange.write_text(
        "{UTF-8}\nx = 1\n\t~\n\t~\tof the year\n15:0,0,0,1 as text of a comment\n\t|\n" + SETTINGS.format(code=0)
    )
    assert integration_method(strange) == "euler"


@pytest.mark.parametrize(
    ("attribute", "method"),
    [('method="RK4"', "rk4"), ("method='rk4'", "rk4"), ('method="Euler"', "euler"), ('method="euler"', "euler"),
     ('time_units="Month" method="RK2"', "rk4"), ("", "euler")],
)  # fmt: skip
def test_xmiles_method(tmp_path: Path, attribute: str, method: str) -> None:
    file = tmp_path / "model.xmile"
    source = (MODELS / "growth.xmile").read_text()
    assert "<sim_specs" in source
    head, _, rest = source.partition("<sim_specs")
    file.write_text(f"{head}<sim_specs {attribute}>{rest.partition('>')[2]}")
    assert integration_method(file) == method


@pytest.mark.parametrize(("code", "factor"), [(0, 0.5), (1, 1 - 0.5 + 0.5**2 / 2 - 0.5**3 / 6 + 0.5**4 / 24)])
def test_the_run_is_integrated_as_the_file_asks(tmp_path: Path, code: int, factor: float) -> None:
    """A step of a half of x' = -x multiplies by Taylor's polynomial, of first or fourth degree."""
    run = once(read(vensim(tmp_path, code, TIME_STEP=0.5)))["x"]
    np.testing.assert_allclose(run, factor ** np.arange(17), rtol=1e-13)


def test_the_tree_of_a_vensim_and_an_xmile_file() -> None:
    for name in ("growth.mdl", "growth.xmile"):
        (section,) = abstract_model(small(name)).sections
        names = {element.name.casefold().replace("_", " ") for element in section.elements}
        assert {"population", "births", "growth rate", "time step"} <= names


def test_what_pysd_does_not_understand_is_our_error() -> None:
    broken = ModelFile(MODELS / "broken.mdl", "", MODELS, small("growth.mdl").variables, {}, "")
    with pytest.raises(InputError, match=r"broken.mdl: PySD does not understand this model"):
        abstract_model(broken)
