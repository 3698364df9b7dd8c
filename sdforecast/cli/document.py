"""`sdforecast model document`: the tables of the model's guide and its reference, made from the model."""

from __future__ import annotations

import click

from sdforecast.cli.tables import print_json
from sdforecast.errors import CheckError


@click.command(epilog="\b\nExample:\n  sdforecast model document --write")
@click.option("--write", "is_writing", is_flag=True, help="Write what is out of date instead of naming it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def document(is_writing: bool, as_json: bool) -> None:
    """Check the model's guide and reference against the model; exit 1 if prose or tables have drifted.

    The guide is models/README.md, the reference models/REFERENCE.md. Tables between <!-- generated: NAME --> and
    <!-- end --> are written by --write; prose is only checked: names, numbers that are links, sections.
    """
    from sdforecast import documentation

    subject = documentation.gather()
    made = documentation.made(subject)
    changed = documentation.write(made) if is_writing else []
    problems = [
        *documentation.out_of_date(made),
        *documentation.drift(made.guide if is_writing else made.text, subject, made.guide_file),
    ]
    if as_json:
        print_json({"written": [str(path) for path in changed], "problems": [str(problem) for problem in problems]})
    else:
        for path in changed:
            click.echo(f"{'wrote' if path.is_file() else 'removed'} {path}")
    if problems:
        raise CheckError(*problems)
    if not as_json:
        click.echo(f"guide and reference agree with the model: {len(made.blocks)} tables, {len(made.files)} files")
