"""The command `sdforecast` itself: a group that imports a command only when it is called."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click

from sdforecast import __version__
from sdforecast.errors import nearest


@dataclass(frozen=True)
class Entry:
    """Where a command is written and the line that `sdforecast --help` shows for it."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "run": Entry("sdforecast.cli.run", "run", "Run the model once under each scenario."),
    "forecast": Entry("sdforecast.cli.forecast", "forecast", "Run draws from the posterior; write the page."),
    "compare": Entry("sdforecast.cli.compare", "compare", "Compare scenarios: deaths averted, costs, and why."),
    "report": Entry("sdforecast.cli.report", "report", "Write the published report: page, PDFs, data."),
    "evaluate": Entry("sdforecast.cli.evaluate", "evaluate", "Score the forecasts issued so far."),
    "backtest": Entry("sdforecast.cli.backtest", "backtest", "Forecast from past months; score what was foretold."),
    "sensitivity": Entry("sdforecast.cli.sensitivity", "sensitivity", "Say how firm a ranking is, and what turns it."),
    "calibrate": Entry("sdforecast.cli.calibrate", "calibrate", "Estimate constants from the history: a posterior."),
    "scenarios": Entry("sdforecast.cli.scenarios", "scenarios", "List, show and check policy mixes."),
    "data": Entry("sdforecast.cli.data", "data", "List, show, check and update the historical series."),
    "hub": Entry("sdforecast.cli.hub", "hub", "Hold a hub of forecasts to the hubverse's rules."),
    "validate": Entry("sdforecast.cli.validate", "validate", "Put the model to the field's confidence tests."),
    "model": Entry("sdforecast.cli.model", "model", "Show and check what is in a model file and how it is built."),
}
"""Every command, in the order of the help text."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, most used first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None if there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        assert isinstance(command, click.Command), f"{entry.module}:{entry.attribute} is not a command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, but an unknown word is compared with all our names."""
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS:
            raise click.UsageError(f"No such command '{name}': {nearest(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


EPILOG = """\b
Example:
  sdforecast scenarios list

Results go to stdout, progress and warnings to stderr. Exit codes: 0 done,
1 a check failed, 2 wrong input, 3 the machine refused, 130 interrupted.
"""


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sdforecast", message="%(prog)s %(version)s")
def app() -> None:
    """Stock-and-flow forecasts of the US fentanyl crisis.

    What a scenario shows is what follows from a condition under a model with stated assumptions;
    it is no advice.
    """
