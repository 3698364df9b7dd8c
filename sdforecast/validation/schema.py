"""What a file of checks may hold: frozen records, read by :mod:`.reading`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _printable(text: str) -> str:
    if any(not (character.isprintable() or character == "\n") for character in text):
        raise ValueError("holds control characters")
    return text


def _as_text(value: Any) -> Any:
    """A year or a time is a number in YAML and text for us."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_CONFIG = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

Text = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_printable)]
Word = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_printable)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Moment = Annotated[str, BeforeValidator(_as_text), Field(max_length=20)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
Words = Annotated[tuple[Word, ...], Field(strict=False)]
Numbers = dict[Word, Number]

STATEMENTS = ("extreme", "loop", "surprise", "family", "policy")


class Change(BaseModel):
    """What is different in a run from a time on: by default from its start to its end."""

    model_config = _CONFIG

    start: Moment | None = Field(default=None, alias="from")
    """Time from which the change holds: a year, a month (YYYY-MM) or a time of the model."""

    end: Moment | None = Field(default=None, alias="to")
    """Time up to which it holds."""

    set: Numbers = Field(default_factory=dict)
    """Variables or constants at a number."""

    scale: Numbers = Field(default_factory=dict)
    """Variables or constants at a multiple of what they are in the base run."""

    add: Numbers = Field(default_factory=dict)
    """The same, with a number added."""

    hold: Words = ()
    """Variables kept at the value that the base run has at `from`."""

    follow: Words = ()
    """Variables kept on the course of the base run, whatever else happens."""

    initial: Numbers = Field(default_factory=dict)
    """Initial values of stocks."""

    like: Word | None = None
    """All changes of another run of this check, as well."""

    case: Word | None = None
    """All changes of a case of the file, as well."""


Changes = Annotated[tuple[Change, ...], Field(strict=False)]


class Statement(BaseModel):
    """If this is changed, then these claims hold."""

    model_config = _CONFIG

    id: Id
    kind: Literal["extreme", "loop", "surprise", "family", "policy"]
    statement: Text
    """The check in words."""

    why: Text
    """The reason, or the source of a number."""

    loop: Word | None = None
    """Id of the loop that is cut."""

    changes: Changes = Field(default=(), alias="if")
    """Changes of the run `run`."""

    runs: dict[Word, Changes] = Field(default_factory=dict)
    """Further runs by name."""

    then: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    """Claims; see :mod:`.claims`."""


class Chain(BaseModel):
    """Stocks that hold the same matter, and what enters and leaves them together."""

    model_config = _CONFIG

    id: Id
    statement: Text
    why: Text
    stocks: Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]
    inflows: Words = ()
    """Variables, or products and quotients of them, such as `naloxone kits / kit life`."""
    outflows: Words = ()
    tolerance: Share = 1e-6
    """Largest gap, relative to what has flowed."""


class Boundary(BaseModel):
    """What the model makes by itself, what it is given, and what it leaves out."""

    model_config = _CONFIG

    endogenous: Words = ()
    exogenous: Words = ()
    excluded: dict[Word, Text] = Field(default_factory=dict)
    """Words that no variable may have in its name, and why."""


class Integration(BaseModel):
    """By how much a smaller step or another method may move the results."""

    model_config = _CONFIG

    cumulative: Word
    """A stock that adds up the flow that is judged."""

    years: Annotated[tuple[Moment, Moment], Field(strict=False)]
    """First and last year of which the flow is compared, each year by itself."""

    limit: Share = 0.005


class Fit(BaseModel):
    """Limits for the fit of one target."""

    model_config = _CONFIG

    target: Word
    mape: Number | None = None
    """Mean absolute error, in per cent of what was observed."""
    r2: Number | None = None
    """Squared correlation, at least."""
    bias: Number | None = None
    """Difference of the means, in per cent of the mean observed, at most."""
    why: Text


class Reproduction(BaseModel):
    """Fit statistics by target."""

    model_config = _CONFIG

    targets: Word
    """The file of targets, beside the file of checks."""
    limits: Annotated[tuple[Fit, ...], Field(strict=False)] = ()


class OneSided(BaseModel):
    """An instrument that cannot do one of the two, and why."""

    model_config = _CONFIG

    never: Literal["lowers", "does not lower"]
    why: Text


class Neutrality(BaseModel):
    """A search for settings in which an instrument lowers deaths, and in which it does not."""

    model_config = _CONFIG

    cumulative: Word
    """The stock whose increase is judged."""
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    level: Number = 1.0
    draws: Annotated[int, Field(ge=10, le=20000)] = 512
    most_named: Annotated[int, Field(ge=1, le=20)] = 6
    lowers: Share = 0.001
    """Smallest relative fall that counts as lowering."""
    kinds: Words = ("assumption",)
    """Kinds of parameters that are drawn."""
    instruments: Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]
    both_regions: Words = ()
    """Instruments for which a rise is asked for as well as a fall."""
    one_sided: dict[Word, OneSided] = Field(default_factory=dict)


class Checks(BaseModel):
    """A file of checks."""

    model_config = _CONFIG

    boundary: Boundary | None = None
    conservation: Annotated[tuple[Chain, ...], Field(strict=False)] = ()
    parameters: Word | None = None
    """The table of parameters, beside the file of checks."""
    integration: Integration | None = None
    cases: dict[Word, Changes] = Field(default_factory=dict)
    """Sets of changes that several checks share."""
    statements: Annotated[tuple[Statement, ...], Field(strict=False)] = ()
    reproduction: Reproduction | None = None
    neutrality: Neutrality | None = None
