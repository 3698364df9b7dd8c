"""Units as modellers write them (`kg/(person*Month)`, `1/Month`, `Dmnl`, `$`), as pint knows them.

Pint's own list of units is not used: in it a `count` is no unit, `Tin` a trillion inches and `link` a length, while in
a model a word that is no known measure is a unit of its own. Known measures are those of time, mass, length, volume
and energy below, so that an addition of weeks to months is told with its factor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sdforecast.model.vocabulary import VENSIM

_MEASURES = """
second = [time]
minute = 60 * second
hour = 60 * minute
day = 24 * hour
week = 7 * day
year = 365.25 * day
month = year / 12
quarter = year / 4
gram = [mass]
milligram = gram / 1000
microgram = gram / 1000000
kilogram = 1000 * gram
tonne = 1000 * kilogram
pound = 453.59237 * gram
ounce = pound / 16
meter = [length]
centimeter = meter / 100
kilometer = 1000 * meter
foot = 0.3048 * meter
mile = 5280 * foot
hectare = 10000 * meter ** 2
liter = meter ** 3 / 1000
milliliter = liter / 1000
joule = gram * 1000 * meter ** 2 / second ** 2
watt = joule / second
kilowatt = 1000 * watt
watt_hour = watt * hour
kilowatt_hour = 1000 * watt_hour
percent = 0.01
"""
_SPELLED = {
    "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "d": "day", "wk": "week",
    "mo": "month", "mon": "month", "mth": "month", "yr": "year", "annum": "year",
    "g": "gram", "mg": "milligram", "mcg": "microgram", "ug": "microgram", "µg": "microgram", "kg": "kilogram",
    "kilo": "kilogram", "ton": "tonne", "t": "tonne", "lb": "pound", "oz": "ounce",
    "m": "meter", "metre": "meter", "cm": "centimeter", "km": "kilometer", "kilometre": "kilometer", "ft": "foot",
    "feet": "foot", "ha": "hectare", "l": "liter", "litre": "liter", "ml": "milliliter",
    "j": "joule", "w": "watt", "kw": "kilowatt", "wh": "watt_hour", "kwh": "kilowatt_hour", "%": "percent",
    "people": "person", "men": "man", "women": "woman", "children": "child", "$": "dollar", "usd": "dollar",
    "us$": "dollar", "us dollar": "dollar", "€": "euro", "eur": "euro", "£": "pound sterling", "gbp": "pound sterling",
}  # fmt: skip
NONE = frozenset(
    ("dmnl", "1", "dimensionless", "no units", "nounits", "unitless", "none", "fraction", "dmn", "dimensionless unit")
)
"""Words for a number without a unit."""

_TOKEN = re.compile(r"\s*(\*\*|[*/^()]|\d+\.?\d*(?:[eE][+-]?\d+)?(?![\w$%])|[^*/^()]+)")
_EQUIVALENT = re.compile(r"^22:(.+)$", re.MULTILINE)
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_PER = re.compile(r"(?:^|\s+)per\s+", re.IGNORECASE)
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
DEEPEST = 40
"""Brackets within brackets after which a unit is refused."""


class UnitError(ValueError):
    """A unit that is no unit: brackets that do not close, an exponent that is no number."""


class Units:
    """The units of one model: a registry that learns each new word as a unit of its own.

    Parameters
    ----------
    synonyms : groups of words that mean the same, as Vensim keeps them in the settings of a file.
    """

    def __init__(self, synonyms: Iterable[Iterable[str]] = ()) -> None:
        import pint  # a quarter of a second, for which only who checks units waits

        self.registry: Any = pint.UnitRegistry(None)
        self.registry.load_definitions([line for line in _MEASURES.splitlines() if line])
        self.shown: dict[str, str] = {}
        self._known = {line.partition(" = ")[0] for line in _MEASURES.splitlines() if line}
        self._same: dict[str, str] = {}
        for group in synonyms:
            words = [word.strip().casefold() for word in group if word.strip()]
            for word in words[1:]:
                self._same[word] = words[0]

    @property
    def one(self) -> Any:
        """The unit of a number without a unit."""
        return self.registry.Unit("dimensionless")

    def parse(self, text: str) -> Any | None:
        """Return the pint unit of a text, None for an empty one. Raises :class:`UnitError`."""
        text = _PER.sub(lambda per: "/" if per.start() else "1/", text.strip())
        text = _RAISED.sub(lambda raised: f"^{raised[0].translate(_LOWERED)}", text)
        tokens = [token.strip() for token in _TOKEN.findall(text) if token.strip()]
        if not tokens or tokens in (["?"], ["-"]):
            return None
        if text.count("(") > DEEPEST:
            raise UnitError("too many brackets")
        unit, rest = self._product(tokens)
        if rest:
            raise UnitError(f"'{rest[0]}' is out of place")
        return unit

    def _product(self, tokens: list[str]) -> tuple[Any, list[str]]:
        unit, rest = self._power(tokens)
        while rest and rest[0] in "*/":
            factor, after = self._power(rest[1:])
            unit, rest = (unit * factor if rest[0] == "*" else unit / factor), after
        return unit, rest

    def _power(self, tokens: list[str]) -> tuple[Any, list[str]]:
        unit, rest = self._single(tokens)
        if rest and rest[0] in ("^", "**"):
            try:
                return unit ** float(rest[1]), rest[2:]
            except (IndexError, ValueError, OverflowError) as error:
                raise UnitError("an exponent is no number") from error
        return unit, rest

    def _single(self, tokens: list[str]) -> tuple[Any, list[str]]:
        if not tokens:
            raise UnitError("something is missing")
        head, rest = tokens[0], tokens[1:]
        if head == "(":
            unit, rest = self._product(rest)
            if not rest or rest[0] != ")":
                raise UnitError("a bracket is not closed")
            return unit, rest[1:]
        if head in "*/^)":
            raise UnitError(f"'{head}' is out of place")
        return self._word(head), rest

    def _word(self, word: str) -> Any:
        folded = " ".join(word.replace("_", " ").split()).casefold()
        folded = self._same.get(folded, folded)
        if folded in NONE or re.fullmatch(r"[\d.]+(e[+-]?\d+)?", folded):
            return self.one
        single = self._singular(folded)
        name = _SPELLED.get(folded) or _SPELLED.get(single) or self._same.get(single, single)
        identifier = name if name in self._known else "u_" + re.sub(r"\W", lambda c: f"_{ord(c[0]):x}", name)
        if identifier not in self._known:
            self.registry.define(f"{identifier} = [{identifier}]")
            self._known.add(identifier)
        self.shown.setdefault(identifier, word)
        return self.registry.Unit(identifier)

    def _singular(self, word: str) -> str:
        if len(word) > 3 and word.endswith("ies"):
            return word[:-3] + "y"
        if len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            return word[:-1]
        return word

    def written(self, unit: Any) -> str:
        """Return a unit in the words of the model: `kg/(person*Month)`."""
        powers = sorted(unit._units.items())
        above = [self._factor(name, power) for name, power in powers if power > 0]
        below = [self._factor(name, -power) for name, power in powers if power < 0]
        top = "*".join(above) or ("1" if below else "Dmnl")
        if not below:
            return top
        return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"

    def _factor(self, name: str, power: float) -> str:
        shown = self.shown.get(name, name.removeprefix("u_"))
        return shown if power == 1 else f"{shown}^{float(power):.4g}"


def synonyms(file: Path) -> list[list[str]]:
    """Return the groups of synonyms that the settings of a Vensim file hold (lines `22:$,Dollar,Dollars`)."""
    if file.suffix.lower() not in VENSIM:
        return []
    text = file.read_text(encoding="utf-8", errors="replace")
    settings = text[text.rfind("///---") :] if "///---" in text else ""
    return [line.strip().split(",") for line in _EQUIVALENT.findall(settings)]
