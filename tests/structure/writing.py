"""Small models written in a test."""

from pathlib import Path

from sdforecast.model import ModelFile, read

CONTROL = """
INITIAL TIME = 0 ~ Month ~ Start. |
FINAL TIME = {final} ~ Month ~ End. |
TIME STEP = {step} ~ Month ~ Step. |
SAVEPER = TIME STEP ~ Month ~ Every row. |
"""


def model(folder: Path, equations: str, *, step: float = 0.25, final: float = 10, name: str = "model.mdl") -> ModelFile:
    """Read a model of `name = expression ~ unit ~ comment |` entries, to which the control variables are added."""
    file = folder / name
    file.write_text("{UTF-8}\n" + equations + CONTROL.format(step=step, final=final), "utf-8")
    return read(file)
