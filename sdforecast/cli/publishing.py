"""What `sdforecast forecast` does beside its page: the hub, the archive, all draws in a file of the user's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_table

if TYPE_CHECKING:
    from sdforecast.forecasting import Forecast
    from sdforecast.issuing import Edition, Since

archive_option = click.option(
    "--archive", type=click.Path(path_type=Path), default=Path("forecasts"), metavar="DIR", show_default=True,
    help="Where issued forecasts are kept.",
)  # fmt: skip


@dataclass
class Plan:
    """What is to be published of a forecast, and what was; `lacks` says why there can be no hub."""

    lacks: str
    archive: Path | None
    previous: Edition | None
    trajectories: Path | None
    data: Path | None = None
    about: dict[str, Any] = field(default_factory=dict)
    since: Since | None = None
    edition: Edition | None = None

    def write(self, made: Forecast, folder: Path) -> None:
        """Write what lies beside the page."""
        from sdforecast import history, issuing
        from sdforecast.manifest import to_json
        from sdforecast.writing import write_text

        if self.trajectories is not None:
            from sdforecast.cli.saving import save_draws

            save_draws(made.trajectories, self.trajectories)
        if self.lacks:
            click.echo(f"warning: no hub is written: it needs {self.lacks}", err=True)
        if self.lacks or not issuing.possible(made):
            return
        found = issuing.write_hub(made, folder / issuing.FOLDER, history.load_vintages(self.data))
        fitted = str(made.manifest.get("last_observed", ""))
        if fitted and fitted < f"{found.reference:%Y-%m-%d}":
            click.echo(
                f"warning: deaths are counted to {found.reference:%Y-%m}, but the posterior knows them to "
                f"{fitted[:7]}: what comes after does not follow the newer months (sdforecast calibrate)",
                err=True,
            )
        self.about = issuing.described(made.manifest, f"{found.reference:%Y-%m-%d}", made.reference)
        if self.previous is not None:
            self.since = issuing.since(self.previous, self.about, folder / issuing.FOLDER, made.history)
            write_text(folder / issuing.SINCE, to_json(self.since.record()))

    def issue(self, folder: Path) -> None:
        """Put the hub of the results in `folder` into the archive, if that was asked for."""
        from sdforecast import issuing
        from sdforecast.errors import InputError
        from sdforecast.manifest import to_json

        if self.archive is None:
            return
        if not self.about:
            raise InputError("the forecast has no deaths of the targets, so it cannot be issued")
        beside = {issuing.SINCE: to_json(self.since.record())} if self.since else None
        self.edition = issuing.issue(self.archive, folder / issuing.FOLDER, self.about, beside)

    def told(self) -> dict[str, Any]:
        """Return what was published, for JSON."""
        found: dict[str, Any] = {}
        if self.edition is not None:
            found["edition"] = {"folder": str(self.edition.folder), "sha256": self.edition.sha256}
        if self.since is not None:
            found["since_last"] = self.since.record()
        return found

    def show(self) -> None:
        """Print what changed since the last edition, and tell where this one is."""
        if self.since is not None:
            show_since(self.since)
        if self.edition is not None:
            click.echo(f"issued: {self.edition.folder}, SHA-256 {self.edition.sha256}", err=True)


def with_history(made: Forecast, data: Path | None) -> Forecast:
    """Return a forecast with the counts of a folder of the user's in it."""
    from dataclasses import replace

    from sdforecast import history

    return made if data is None else replace(made, history=history.load(data))


def plan(
    count: int, archive: Path, trajectories: Path | None, data: Path | None, *, issue: bool, since_last: bool
) -> Plan:
    """Return what is to be published of `count` draws; raise before any work is done where it cannot be."""
    from sdforecast import issuing
    from sdforecast.errors import InputError, Problem

    if trajectories is not None:
        from sdforecast.cli.saving import check_draws

        check_draws(trajectories)
    if data is not None:
        from sdforecast import history

        history.last_observed(history.load(data))
    lacks = issuing.lacking(count)
    previous = None
    if issue or since_last:
        if lacks:
            raise InputError(Problem(f"cannot be issued: an edition needs {lacks}"))
        issuing.ready(archive)
    if since_last:
        from sdforecast.evaluation.extra import library

        library("scoringrules")
        before = issuing.editions(archive)
        if not before:
            what = "holds no edition yet, so nothing has changed since the last"
            raise InputError(Problem(what, file=str(archive), hint="issue the first: sdforecast forecast --issue"))
        previous = before[-1]
    return Plan(lacks, archive if issue or since_last else None, previous, trajectories, data)


def show_since(since: Since) -> None:
    """Print a comparison with the edition before."""
    click.echo(f"\nSince the edition of {since.previous}:")
    print_table(since.changed or [{"what": "nothing that goes into a forecast has changed"}])
    click.echo("\nDeaths in the twelve months to, median (nine in ten of the draws):")
    print_table(
        [
            {
                "target": row["target"],
                "to": row["twelve_months_to"],
                "before": _range(row, "before"),
                "now": _range(row, "now"),
            }
            for row in since.months
        ]
    )
    click.echo(f"\nHow the edition of {since.previous} did:")
    if since.scores:
        print_table([score_row(row) for row in since.scores])
    if since.waiting:
        click.echo("No month that it forecast was counted yet.")


def _range(row: dict[str, Any], which: str) -> str:
    low, middle, high = row[f"{which}_low"], row[which], row[f"{which}_high"]
    return f"{round(middle, -2):,.0f} ({low / 1000:.0f}-{high / 1000:.0f}k)"


def score_row(row: dict[str, Any]) -> dict[str, str]:
    """Return a row of scores as a terminal shows it."""
    relative = row["relative_wis"]
    return {
        "edition": row["edition"],
        "": row["kind"],
        "target": row["target"],
        "months": str(row["months"]),
        "to": row["last"],
        "not final": str(row["not_final"]),
        "in real time": str(row["real_time"]),
        "median off": f"{row['median_error_percent']:.1f} %",
        "WIS": f"{row['wis']:,.0f}",
        "relative": "" if relative is None or relative != relative else f"{relative:.2f}",
        "in 50 %": f"{100 * row['covered_50']:.0f} %",
        "in 95 %": f"{100 * row['covered_95']:.0f} %",
    }
