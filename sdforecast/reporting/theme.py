"""Colours and fonts of a report: ours, or those of a house that publishes it. Every pair is checked for contrast."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sdforecast.errors import InputError, Problem, nearest

TEXT_CONTRAST, LINE_CONTRAST = 4.5, 3.0
"""What WCAG 2.2 asks for at level AA: of words, and of what must be told apart in a figure."""

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_FONT = re.compile(r"[A-Za-z0-9 ,'\-]{1,200}", re.ASCII)
_LIGHT = {"ink": "#1a1a1a", "quiet": "#595959", "paper": "#ffffff", "soft": "#f4f3ef", "rule": "#dcdad4",
          "axis": "#8a8a86", "link": "#1d4f91", "warn": "#6f3800", "warn-paper": "#fcf2e3"}  # fmt: skip
_DARK = {"ink": "#ececea", "quiet": "#b5b5b0", "paper": "#15171a", "soft": "#202327", "rule": "#3a3e43",
         "axis": "#85888c", "link": "#9cc0f8", "warn": "#f3cd97", "warn-paper": "#33291a"}  # fmt: skip
_SERIES = ("#3d3d3d", "#1f4e9e", "#c8452b", "#1b7f73", "#946a00", "#7b3294", "#b3457a")
_SERIES_DARK = ("#d0d0cc", "#7db0fb", "#ff8c6c", "#45cbb6", "#dfb045", "#c99bea", "#f08cb6")


@dataclass(frozen=True)
class Theme:
    """How a report looks.

    Attributes
    ----------
    light, dark : colours by name: ink, quiet (secondary words), paper, soft, rule, axis, link, warn, warn-paper.
    series, series_dark : colours of scenarios; the first is the reference's.
    text, headings : font families, those that a reader's machine may have.
    """

    light: Mapping[str, str] = field(default_factory=lambda: dict(_LIGHT))
    dark: Mapping[str, str] = field(default_factory=lambda: dict(_DARK))
    series: tuple[str, ...] = _SERIES
    series_dark: tuple[str, ...] = _SERIES_DARK
    text: str = "'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
    headings: str = "Georgia, 'Times New Roman', 'Liberation Serif', 'DejaVu Serif', serif"

    def page_css(self) -> str:
        """Return the colours as custom properties of a page."""
        font = f"--text: {self.text}; --headings: {self.headings};"
        light, dark = _properties(self.light, self.series), _properties(self.dark, self.series_dark)
        screen = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
        return f":root {{ color-scheme: light dark; {font} {light} }}\n{screen}"

    def chart_css(self) -> str:
        """Return the style of a figure that stands alone, in light colours; no property a plain SVG reader lacks."""
        return _chart_rules(lambda name: self.light[name], lambda k: self.series[k], len(self.series), self.text)

    def inline_css(self) -> str:
        """Return the style of the figures of a page, which follow its colours."""
        return _chart_rules(lambda name: f"var(--{name})", lambda k: f"var(--s{k})", len(self.series), "inherit")

    def look(self, position: int) -> str:
        """Return the class of a scenario by its position; the reference is 0. Colours come round again."""
        return "s0" if position == 0 else f"s{1 + (position - 1) % (len(self.series) - 1)}"

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON may hold it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def _properties(colours: Mapping[str, str], series: tuple[str, ...]) -> str:
    named = [f"--{name}: {value};" for name, value in colours.items()]
    return " ".join([*named, *(f"--s{k}: {value};" for k, value in enumerate(series))])


def _chart_rules(colour: Any, of: Any, count: int, font: str) -> str:
    family = "" if font == "inherit" else f"font-family:{font};"
    rules = [f".t{{stroke:none;{family}}}", ".l{fill:none;stroke-linejoin:round}", ".a{stroke:none}",
             f".ground{{fill:{colour('paper')}}}"]  # fmt: skip
    looks = {name: colour(name) for name in ("ink", "quiet", "rule", "axis")} | {f"s{k}": of(k) for k in range(count)}
    for name, value in looks.items():
        rules += [
            f".l.{name}{{stroke:{value}}}",
            f".a.{name},.t.{name},.f.{name},.d.{name}{{fill:{value}}}",
            f".o.{name}{{fill:{colour('paper')};stroke:{value};stroke-width:1.2}}",
        ]
    return "".join(rules)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours by WCAG 2.2: 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def load(path: Path) -> Theme:
    """Read a theme (TOML): tables `light` and `dark`, lists `series` and `series_dark`, `text` and `headings`.

    What is not given is ours. Raises `InputError`: an unknown name, no colour or font, a contrast below AA.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read: {error}", file=str(path))) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(Problem(f"is not TOML: {error}", file=str(path))) from error
    return theme(given, str(path))


def theme(given: Mapping[str, Any], file: str = "theme") -> Theme:
    """Return a theme from what a file or a manifest says of it. Raises `InputError`; see :func:`load`."""
    ours, faults = Theme(), []
    known = [entry.name for entry in fields(Theme)]
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            faults.append(Problem(f"has no '{name}' to set", file=file, hint=nearest(name, known)))
        elif name in ("light", "dark"):
            found, bad = _colours(name, value, getattr(ours, name), file)
            values[name] = found
            faults += bad
        elif name in ("series", "series_dark"):
            if not isinstance(value, list | tuple) or not 2 <= len(value) <= 24 or not all(map(_is_colour, value)):
                faults.append(Problem(f"'{name}' is to be 2 to 24 colours as #rrggbb", file=file))
            else:
                values[name] = tuple(str(entry).lower() for entry in value)
        elif not isinstance(value, str) or not _FONT.fullmatch(value):
            faults.append(Problem(f"'{name}' is to be names of fonts, parted by commas", file=file))
        else:
            values[name] = value
    if faults:
        raise InputError(*faults)
    made = Theme(**values)
    if faults := list(_faint(made, file)):
        raise InputError(*faults)
    return made


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value.lower()) is not None


def _colours(name: str, value: Any, ours: Mapping[str, str], file: str) -> tuple[dict[str, str], list[Problem]]:
    if not isinstance(value, Mapping):
        return dict(ours), [Problem(f"'{name}' is to be a table of colours", file=file)]
    faults = [
        Problem(f"'{name}' has no colour '{key}'", file=file, hint=nearest(key, list(ours)))
        for key in value
        if key not in ours
    ]
    faults += [
        Problem(f"'{name}.{key}' is no colour as #rrggbb", file=file) for key, it in value.items() if not _is_colour(it)
    ]
    return {**ours, **{key: str(it).lower() for key, it in value.items()}}, faults


def _faint(made: Theme, file: str) -> list[Problem]:
    """Return the pairs of colours that are too near each other."""
    if len(made.series) != len(made.series_dark):
        return [Problem("'series' and 'series_dark' are to have as many colours each", file=file)]
    found = []
    for which, colours, series in (("light", made.light, made.series), ("dark", made.dark, made.series_dark)):
        pairs = [
            ("ink", "paper"),
            ("quiet", "paper"),
            ("link", "paper"),
            ("ink", "soft"),
            ("quiet", "soft"),
            ("warn", "warn-paper"),
        ]
        for ink, paper in pairs:
            if (ratio := contrast(colours[ink], colours[paper])) < TEXT_CONTRAST:
                found.append(
                    Problem(f"{which}: {ink} on {paper} has a contrast of {ratio:.1f}, words need 4.5", file=file)
                )
        for k, colour in enumerate(series):
            if (ratio := contrast(colour, colours["paper"])) < LINE_CONTRAST:
                found.append(
                    Problem(f"{which}: colour {k} of the series has a contrast of {ratio:.1f}, lines need 3", file=file)
                )
    return found
