"""Limits, and what the numbers must not be used for."""

from __future__ import annotations

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.reporting import words
from sdforecast.reporting.content import Bullets, Code, Paragraph, Section, Strong, Words


def section(forecast: Forecast) -> Section:
    """Return what the forecast cannot know, and whom a misreading would harm."""
    counted = len(series.counted(forecast, "month")) > 0
    to = f" to {words.month(series.last_counted(forecast))}" if counted else ""
    items: list[Words] = [
        [
            Strong("The range is not a probability of what will happen."),
            " A 90 % range counts draws from the posterior of one "
            "structure with stated priors. What the structure lacks, what has never been seen, and what a policy mix "
            "assumes are "
            "not in it.",
        ],
        [
            Strong("The structure was chosen with hindsight."),
            " The supply shock of 2022 to 2024 is in the model because its "
            "effect is known; a model of 2022 would not have had it.",
        ],
        [
            Strong("The recovery after 2025 is not identified."),
            f" Counts{to} cannot tell whether and how fast supply recovers "
            "from that shock. Laws of recovery that fit equally well lead to levels far apart; the one used here is an "
            "assumption.",
        ],
        [
            Strong("The strength of policies is assumed."),
            " Hardly any instrument has a measured effect on deaths at national "
            "scale. Where a policy mix comes out ahead, its assumed strength has a part in that.",
        ],
        [
            Strong("Only deaths are compared."),
            " Harm by force, to trade, to rights or to health other than overdose is not counted, in any country.",
        ],
        [Strong("National and coarse."), " Nothing here holds for a state, a county, an age group or a person."],
        [
            Strong("Counts have limits."),
            " Deaths are those in the United States whose certificate names a synthetic opioid "
            "(T40.4), by place of occurrence. The last months are provisional and may still rise.",
        ],
    ]
    if forecast.manifest.get("propagated"):
        items.insert(1, _propagated())
    use = (
        "Do not use these numbers to justify the use of force, to decide on the care of a person, to withhold "
        "treatment or "
        "naloxone, to blame people who use drugs or people of any country, or as a forecast of what a government "
        "will do. "
        "People who use drugs and people who live where force would be used are those whom a misreading would harm "
        "most."
    )
    return Section("limits", "Limits, and what this must not be used for", "Limits", [Bullets(items), Paragraph(use)])


def _propagated() -> Words:
    return [
        Strong("Deaths are not the model alone."),
        " What the model got wrong about past months is carried on: a part that fades within a year or so, and a "
        "drift that "
        "stays. The factor is the same under every policy mix, and nobody knows its cause. ",
        Code("trajectories.csv"),
        " has the model alone beside it, as “synthetic opioid deaths of the model”. Parts of these deaths, such as "
        "those with "
        "stimulants, are the model alone; the total of opioid deaths changes by as many; the rest of all drug deaths "
        "has an "
        "error of its own, which follows the months counted.",
    ]
