"""Models for the tests of diagrams, made of whole cloth: chains, loops, shadows and flows without a name."""

from sdforecast.model import read
from sdforecast.structure import causal_graph

HEAD = "{UTF-8}\n"
CONTROL = """
********************************************************
	.Control
********************************************************~
		Control
	|
INITIAL TIME = 0 ~ Month ~ ~|
FINAL TIME = 10 ~ Month ~ ~|
TIME STEP = 1 ~ Month ~ ~|
SAVEPER = 1 ~ Month ~ ~|
"""


def group(name, equations):
    stars = "*" * 56
    return f"{stars}\n\t.{name}\n{stars}~\n\t\tA sector.\n\t|\n{equations}\n"


EPIDEMIC = (
    HEAD
    + group(
        "People",
        """
susceptible = INTEG(-infection, 990) ~ person ~ ~|
infected = INTEG(infection - recovery, 10) ~ person ~ ~|
recovered = INTEG(recovery, 0) ~ person ~ ~|
infection = susceptible * infected * contact rate * caution / population ~ person/Month ~ ~|
recovery = infected / duration ~ person/Month ~ ~|
population = susceptible + infected + recovered ~ person ~ ~|
contact rate = 0.8 ~ 1/Month ~ ~|
duration = 4 ~ Month ~ ~|
""",
    )
    + group(
        "Mood",
        """
worry = INTEG((infected / 100 - worry) / 3, 0) ~ Dmnl ~ ~|
caution = 1 / (1 + worry + campaign) ~ Dmnl ~ ~|
campaign = WITH LOOKUP(Time, ([(0,0)-(10,1)],(0,0),(10,1))) ~ Dmnl ~ ~|
""",
    )
    + CONTROL
)


def graph_of(folder, text, name="model.mdl"):
    file = folder / name
    file.write_text(text, "utf-8")
    return causal_graph(read(file))
