"""Test the claims of the founding essay, and write docs/claims.md and calibration/claims.csv.

Under two minutes on two free cores. With --draws or --tried a quick look, written nowhere unless -o names a folder.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from sdforecast.inference import load
from sdforecast.model import read
from sdforecast.policy import claiming, claims, claimtext
from sdforecast.writing import write_text

HERE = Path(__file__).parent
DRAWS, TRIED, SEED = 500, 4096, 1
COMMAND = "python calibration/claims.py"


def digest(path: Path) -> str:
    """Return the beginning of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def made_of() -> dict[str, str]:
    """Return the hashes of what the page is made of."""
    model, posterior = HERE.parent / "models" / "fentanyl.mdl", HERE / "posterior" / "posterior.nc"
    return {"model": digest(model), "posterior": digest(posterior), "claims": digest(HERE / "claims.toml")}


def judged(draws: int, tried: int, seed: int = SEED) -> tuple[tuple[claiming.Judged, ...], dict[str, object]]:
    """Return the claims with their verdicts, and what the page says about how they were found."""
    model, posterior = read(), load(whole=False)
    known = claims.read(HERE / "claims.toml", model)
    wide = claiming.full_ranges(model, posterior, tried, seed)
    draws = min(draws, len(posterior))
    runs = {
        "posterior": claiming.run(known, model, posterior, draws=draws, seed=seed),
        "full ranges": claiming.run(known, model, wide.posterior, assumptions=wide.assumptions, seed=seed),
    }
    facts: dict[str, object] = {
        "source": known.source, "draws": draws, "tried": wide.tried, "wide": len(wide.assumptions),
        "free": wide.assumptions.shape[1], "command": COMMAND, "seed": seed, **made_of(),
    }  # fmt: skip
    return claiming.judge(known, runs), facts


def main(arguments: list[str]) -> None:
    """Run the tests and write the page and the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--draws", type=int, default=DRAWS, help="of the posterior")
    options.add_argument("--tried", type=int, default=TRIED, help="from the full ranges; about a tenth are kept")
    options.add_argument("-o", dest="folder", type=Path, help="write into this folder instead")
    given = options.parse_args(arguments)
    found, facts = judged(given.draws, given.tried)
    written = claimtext.page(found, facts)
    numbers = claimtext.table(found).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    for one in found:
        print(f"{one.claim.number:>2}  {one.verdict:<32}  {one.claim.claim}")
    if given.folder is None and (given.draws, given.tried) != (DRAWS, TRIED):
        print("not written, since it is a quick look; -o FOLDER writes it there")
        return
    page = HERE.parent / "docs" / "claims.md" if given.folder is None else given.folder / "claims.md"
    rows = HERE / "claims.csv" if given.folder is None else given.folder / "claims.csv"
    write_text(page, written)
    write_text(rows, numbers)
    print(f"wrote {page} and {rows}")


if __name__ == "__main__":
    main(sys.argv[1:])
