"""The shipped model as the documentation sees it, and small models made on the spot."""

import dataclasses
import shutil

import pytest

from sdforecast import shipped
from sdforecast.documentation import gather, made
from sdforecast.documentation.equations import read_equations
from sdforecast.model import read
from sdforecast.structure import causal_graph


@pytest.fixture(scope="session")
def subject():
    return gather()


@pytest.fixture(scope="session")
def documents(subject):
    return made(subject)


@pytest.fixture
def models(tmp_path):
    """A copy of the model's folder that a test may spoil."""
    folder = tmp_path / "models"
    shutil.copytree(shipped.models_dir(), folder)
    return folder


@pytest.fixture
def written(tmp_path, subject):
    """Make a subject of equations given as a text; parameters, targets and estimate stay the shipped ones."""

    def make(text, instruments=()):
        file = tmp_path / "written.mdl"
        entries = [f"{line.strip()}\n\t~\tDmnl\n\t~\tAssumption.\n\t|\n" for line in text.strip().splitlines()]
        control = "".join(
            f"{name} = {value}\n~ Month\n~ Control.\n|\n"
            for name, value in (("INITIAL TIME", 0), ("FINAL TIME", 12), ("TIME STEP", 1), ("SAVEPER", 1))
        )
        file.write_text("{UTF-8}\n" + "\n".join(entries) + control, "utf-8")
        model = read(file)
        scale = next(iter(subject.instruments.values()))
        return dataclasses.replace(
            subject,
            model=model,
            equations=read_equations(file.read_text("utf-8")),
            graph=causal_graph(model),
            instruments={name: dataclasses.replace(scale, id=name) for name in instruments},
            loops=[],
        )

    return make
