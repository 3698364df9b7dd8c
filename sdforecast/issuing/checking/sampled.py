"""The rules of samples: which rows are one trajectory, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sdforecast.issuing.checking.tasks import Group, Round


def faults(rows: pd.DataFrame, group: Group, of: Round) -> Iterator[tuple[str, str, bool]]:
    """Yield check, what is wrong and whether it is an error, for rows of samples of one group.

    A sample is all rows of an index that share the task ids of `compound_taskid_set`; it spans the others.
    """
    params = group.output_types["sample"]["output_type_id_params"]
    ids = [name for name in of.task_ids if name not in of.derived]
    compound = params.get("compound_taskid_set") or ids
    spanned = [name for name in ids if name not in compound]
    index = rows["output_type_id"].str.removesuffix(".0")

    several = rows[compound].groupby(index, sort=False).nunique() > 1
    if several.to_numpy().any():
        column = several.any()[lambda found: found].index[0]
        which = several[column].idxmax()
        yield "spl_compound_tid", f"sample {which} has several values of '{column}'", True
        return
    if spanned:
        task = rows[spanned].drop_duplicates()
        sizes = rows.groupby(index, sort=False).size()
        held = rows.assign(_=index).drop_duplicates(["_", *spanned]).groupby("_", sort=False).size()
        odd = (held != held.iloc[0]) | (sizes != held)
        per_compound = rows.groupby(compound, sort=False)[spanned[0]].size()
        if odd.any() or (len(per_compound) == 1 and held.iloc[0] != len(task)):
            which = odd.idxmax()
            yield "spl_non_compound_tid", f"sample {which} does not span the tasks that the others span", True
            return
    counted = index.groupby([rows[name] for name in compound], sort=False).nunique()
    least, most = params["min_samples_per_task"], params["max_samples_per_task"]
    wrong = counted[(counted < least) | (counted > most)]
    if len(wrong):
        yield "spl_n", f"{int(wrong.iloc[0])} samples where {least} to {most} are asked for", False
