"""How provisional counts of a month are completed: the share reported at each age, and how far it strays.

NCHS publishes sums over twelve months. Every file starts with the same closed year, so differences of the sums give
single months as they stood in each vintage, `x(m) = x(m - 12) + S(m) - S(m - 1)`, and the sums overlap no more. How
the first sum divides over its months is not known; it is divided evenly, which puts a month off by up to 5 per cent,
by as many deaths in every vintage: what a vintage lacks comes out exactly, its share to a twentieth.

A month counts with the share `c(a) = exp(-g(a))` at age `a` (months from its end to the release),

    g(a) = level * exp(1 - (a / 6)^shape),        log(count / final) = -g(a) + error,
    sd of the error: spread * exp((6^2 - a^2) / (2 fade^2)),

where a part of the error is common to all months of a file (a slow file is slow throughout). Two counts of a month
differ by what was learnt between them, so the variance of their log ratio is the difference of the two variances. The
curve is fitted by least squares, the errors of a vintage whitened by their covariance; spread, fade and the common part
by maximum likelihood, in turn. Both have weak priors, judged rather than fitted (`PRIOR`), which decide while few
vintages are known.

What this rests on: five files of 2017-2019 and four of 2024-2026 that partly share months, so fewer than nine
independent looks, whatever the number of months. Fitted apart, the eras agree at the same age (2017-2019: 0.919 at
seven months, 2024-2026: 0.911; log levels 0.08 apart, standard error 0.23): files are released younger now, not more
complete, so one curve serves both. Five and six months were seen in two files only, and below five none was released:
there the curve is an extrapolation. That a year closes, in December of the next, is not in the curve: in one file the
months of a year about to close were already complete at ten months, in others 3 per cent short.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares, minimize

from sdforecast import calendar, history
from sdforecast.errors import InputError, Problem

RELEASE_DAY = 10
"""NCHS releases in the second week: a file held on an earlier day of the month is that of the month before."""

SETTLED = 12
"""A count is compared with a later one of at least this age (months)."""

OLDEST = 24
"""Up to this age (months) open years are compared; by then every year was closed."""

YOUNGEST = 5
"""Age (months) of the youngest month in the files since 2024."""

FEW = 4
"""With fewer vintages the prior is heard more than the data."""

RECODED = (("2023-01", "2023-12"),)
"""Months whose closed count lacks records that the open one had (North Carolina's certificates, recoded after closing).

A loss of records is no revision of the kind that comes again, so these months are compared with the last open
count. Whoever predicts the closed figures of these months must know that they lie 0.7-0.8 % lower.
"""

ALONGSIDE = {"synthetic_opioid_deaths": "all_drug_deaths", "all_drug_deaths": "synthetic_opioid_deaths"}
"""Where to look for vintages that a series lacks."""

AGREEMENT = 0.02
"""Series are taken together if their log shares differ by less than this where both are known (root mean square)."""

PRIOR = {"level": (-2.1, 0.5), "shape": (0.4, 0.5), "spread": (-3.5, 0.5), "fade": (1.95, 0.3), "common": (0.5, 0.7)}
"""Mean and standard deviation of the logarithm of each parameter (logit for `common`), by judgement: an eighth of a
month is missing after six months, give or take a half, with an error of three per cent, a third of that at twelve."""

_CURVE = ("level", "shape")
_ERROR = ("spread", "fade", "common")

_ROUNDING = 0.0005
"""Standard deviation of the log ratio of two counts that should be the same."""


@dataclass(frozen=True)
class Completeness:
    """Share of a month's count that is reported, by age, and how it was found.

    Attributes
    ----------
    level, shape : of the curve; `level` is -log share at six months.
    spread, fade : of the error: its standard deviation at six months, and the width (months) of its decline.
    common : share of its variance common to all months of a file.
    log_errors : standard errors of log level and log shape, prior included.
    uncertainty : standard error of log g, averaged (root mean square) over ages 5 to 12.
    vintages : the files it rests on, oldest first; n : months compared; span : first and last of them.
    residual_sd : root mean square of log(count / later count) about the curve.
    series, alongside : the series, and how many vintages come from the series beside it.
    """

    level: float
    shape: float
    spread: float
    fade: float
    common: float
    log_errors: tuple[float, float]
    uncertainty: float
    n: int
    span: tuple[str, str] | None
    residual_sd: float
    series: str
    vintages: tuple[str, ...] = ()
    alongside: int = 0

    @property
    def few(self) -> bool:
        """Whether fewer than `FEW` vintages were known, so that the prior decides."""
        return len(self.vintages) < FEW

    def share(self, age: np.ndarray | float) -> np.ndarray:
        """Return the share reported at `age` (months), above 0 and at most 1, never falling with age."""
        return np.asarray(np.exp(-self.missing(age)))

    def missing(self, age: np.ndarray | float) -> np.ndarray:
        """Return -log share at `age` (months)."""
        return _missing(np.asarray(age, float), np.log([self.level, self.shape]))

    def sd(self, age: np.ndarray | float) -> np.ndarray:
        """Return the standard deviation of log(count / final) at `age`; the curve's own uncertainty is in it."""
        return np.asarray(np.hypot(_spread(age, self.spread, self.fade), self.uncertainty * self.missing(age)))


def _missing(age: np.ndarray, curve: np.ndarray) -> np.ndarray:
    # A negative age (a month that has not ended) is read as age 0; the power would not be a number.
    relative = (np.maximum(age, 0.0) / 6.0) ** np.exp(curve[1])
    return np.asarray(np.exp(curve[0] + 1.0 - relative))


def _spread(age: np.ndarray | float, spread: float, fade: float) -> np.ndarray:
    return np.asarray(spread * np.exp((36.0 - np.maximum(age, 0.0) ** 2) / (2 * fade**2)))


# --- Single months, vintage by vintage ------------------------------------------------------------------------------


@dataclass
class _Months:
    """Single months of one series: `value` and `closed` (month, vintage), `release` (month of each vintage)."""

    value: pd.DataFrame
    closed: pd.DataFrame
    release: dict[str, int] = field(default_factory=dict)

    def age(self, vintage: str) -> np.ndarray:
        return np.asarray(self.release[vintage] - self.value.index.to_numpy())

    def last(self) -> pd.DataFrame:
        """Return `value` and `age` of the newest count of each month, the newest open one for `RECODED` months."""
        value = self.value.mask(self.closed & _recoded(self.value.index.to_numpy())[:, None])
        ages = pd.DataFrame({v: self.age(str(v)) for v in value}, index=value.index).where(value.notna())
        return pd.DataFrame({"value": value.ffill(axis=1).iloc[:, -1], "age": ages.ffill(axis=1).iloc[:, -1]})


def _recoded(months: np.ndarray) -> np.ndarray:
    spans = [(calendar.parse_month(first), calendar.parse_month(last)) for first, last in RECODED]
    return np.asarray(np.any([(first <= months) & (months <= last) for first, last in spans], axis=0))


@lru_cache(maxsize=1024)
def _day_known(vintage: str) -> pd.Timestamp:
    """Return the last day that a vintage (`YYYY`, `YYYY-MM` or a day) may mean."""
    try:
        return pd.Timestamp(pd.Period(vintage, {4: "Y", 7: "M", 10: "D"}[len(vintage)]).end_time.normalize())
    except (KeyError, ValueError) as error:
        problem = Problem(f"'{vintage}' is not a date of release", hint="write YYYY, YYYY-MM or YYYY-MM-DD")
        raise InputError(problem) from error


def _release_month(vintage: str) -> int:
    """Return the model time of the month in which the file of this vintage was released."""
    day = _day_known(vintage)
    return calendar.parse_month(f"{day:%Y-%m}") - (day.day < RELEASE_DAY)


def _single_months(rows: pd.DataFrame, series: str, known_at: str | None) -> _Months | None:
    """Return the single months of every file known at `known_at`; press quotations of a sum or two are left out."""
    wanted = (rows["series"] == series) & (rows["aggregation"] == "12-month-ending") & (rows["geography"] == "US")
    found = rows[wanted & rows["status"].isin(["final", "provisional"])]
    if known_at is not None:
        days = found["vintage"].map({v: _day_known(v) for v in found["vintage"].unique()})
        found = found[days <= _day_known(known_at)]
    found = found[found.groupby("vintage")["value"].transform("size") > 2]
    if found.empty:
        return None
    _, ends = calendar.months_of(found["period_start"], found["period_end"])
    found = found.assign(month=ends, final=(found["status"] == "final").astype(float))
    sums = found.pivot_table(index="month", columns="vintage", values="value")
    sums = sums.reindex(range(sums.index[0], sums.index[-1] + 1))
    closed = found.pivot_table(index="month", columns="vintage", values="final").reindex_like(sums)
    newest = {v: sums[v].last_valid_index() for v in sums}
    # A file may repeat only its open months: the closed ones are as in the file before.
    sums, closed = sums.ffill(axis=1), closed.ffill(axis=1)
    months = pd.DataFrame({v: _differenced(sums[v].loc[: newest[v]]) for v in sums})
    return _Months(months, closed.reindex_like(months) > 0, {str(v): _release_month(str(v)) for v in months})


def _differenced(sums: pd.Series) -> pd.Series:
    """Return the months of a run of 12-month sums, the first sum divided evenly; NaN where the run is broken."""
    values = sums.to_numpy(float)
    months = np.full(len(values) + 11, values[0] / 12)
    for k in range(1, len(values)):
        months[k + 11] = months[k - 1] + values[k] - values[k - 1]
    return pd.Series(months, index=range(sums.index[0] - 11, sums.index[-1] + 1)).where(lambda x: x > 0)


def _comparisons(months: _Months | None) -> pd.DataFrame:
    """Return `vintage`, `month`, `age`, `later` (age of the later count) and `log_ratio` of the open months."""
    columns = ["vintage", "month", "age", "later", "log_ratio"]
    if months is None:
        return pd.DataFrame(columns=columns)
    last = months.last()
    parts = []
    for vintage in map(str, months.value):
        age, value = months.age(vintage), months.value[vintage]
        use = value.notna() & ~months.closed[vintage] & (last["age"] >= SETTLED) & (last["age"] > age) & (age <= OLDEST)
        ratio = np.log(value / last["value"])
        part = {"vintage": vintage, "month": value.index, "age": age, "later": last["age"], "log_ratio": ratio}
        parts.append(pd.DataFrame(part)[use.to_numpy()])
    return pd.concat(parts, ignore_index=True)


# --- Fitting --------------------------------------------------------------------------------------------------------


def completeness(
    rows: pd.DataFrame, series: str = "synthetic_opioid_deaths", known_at: str | None = None
) -> Completeness:
    """Return the completeness of a month's count, estimated from how earlier files were revised.

    Parameters
    ----------
    rows : vintages in the form of `history.load_vintages`.
    series : its 12-month sums are used; a vintage it lacks is taken from the series beside it (`ALONGSIDE`) if the
        two agree where both are known.
    known_at : only vintages of this day (`YYYY-MM-DD`, or a month or year: its last day) and before are looked at.

    With no comparable vintage the prior is returned (`few` is true below four). Raises `InputError` for a series
    without rows and for what is not a date.
    """
    if not (rows["series"] == series).any():
        history.select(rows, series)  # raises, with the nearest name
    points = _comparisons(_single_months(rows, series, known_at))
    extra = _borrowed(points, _comparisons(_single_months(rows, ALONGSIDE.get(series, ""), known_at)))
    return _fitted(pd.concat([points, extra]) if len(extra) else points, series, extra["vintage"].nunique())


def _borrowed(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons of vintages that only the other series has; none where the two do not agree."""
    both = own.merge(other, on=["vintage", "month"])
    apart = both["log_ratio_x"] - both["log_ratio_y"]
    if both.empty or float(np.sqrt((apart**2).mean())) > AGREEMENT:
        return other.iloc[:0]
    return other[~other["vintage"].isin(own["vintage"])]


def _prior(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([PRIOR[n][0] for n in names]), np.array([PRIOR[n][1] for n in names])


def _fitted(points: pd.DataFrame, series: str, alongside: int) -> Completeness:
    """Return the fit: the curve given the errors, the errors given the curve, in turn until neither moves."""
    (curve, curve_sd), (error, error_sd) = _prior(_CURVE), _prior(_ERROR)
    blocks = [_Block(part) for _, part in points.groupby("vintage", sort=True)]
    centre, middle = curve, error

    def whitened(trial: np.ndarray, roots: list[np.ndarray]) -> np.ndarray:
        parts = [solve_triangular(r, b.residual(trial), lower=True) for r, b in zip(roots, blocks, strict=True)]
        return np.concatenate([(trial - centre) / curve_sd, *parts])

    def unlikely(trial: np.ndarray, at: np.ndarray) -> float:
        return float(sum(b.unlikely(at, trial) for b in blocks) + 0.5 * np.sum(((trial - middle) / error_sd) ** 2))

    for _ in range(30):
        roots = [np.linalg.cholesky(block.covariance(error)) for block in blocks]
        solved = least_squares(whitened, curve, args=(roots,))
        moved = float(np.abs(solved.x - curve).max())
        curve = solved.x
        error = minimize(unlikely, error, args=(curve,), method="L-BFGS-B").x
        if moved < 1e-4:
            break
    slope = np.asarray(solved.jac)
    covariance = np.linalg.inv(slope.T @ slope)
    residuals = np.concatenate([np.zeros(0), *(block.residual(curve) for block in blocks)])
    months = points["month"].astype(int)
    return Completeness(
        level=float(np.exp(curve[0])),
        shape=float(np.exp(curve[1])),
        spread=float(np.exp(error[0])),
        fade=float(np.exp(error[1])),
        common=_share(error[2]),
        log_errors=(float(covariance[0, 0] ** 0.5), float(covariance[1, 1] ** 0.5)),
        uncertainty=_uncertainty(curve, covariance),
        n=len(points),
        span=(calendar.month_label(months.min()), calendar.month_label(months.max())) if len(points) else None,
        residual_sd=float(np.sqrt(np.mean(residuals**2))) if len(points) else float("nan"),
        series=series,
        vintages=tuple(points["vintage"].sort_values().unique()),
        alongside=alongside,
    )


def _share(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-logit)))


def _uncertainty(curve: np.ndarray, covariance: np.ndarray) -> float:
    ratio = np.arange(5, 13) / 6.0
    slope = np.column_stack([np.ones(8), -(ratio ** np.exp(curve[1])) * np.log(ratio) * np.exp(curve[1])])
    return float(np.sqrt(np.mean(np.einsum("ai,ij,aj->a", slope, covariance, slope))))


class _Block:
    """The comparisons of one vintage, whose errors go together."""

    def __init__(self, points: pd.DataFrame) -> None:
        self.age = points["age"].to_numpy(float)
        self.later = points["later"].to_numpy(float)
        self.log_ratio = points["log_ratio"].to_numpy(float)

    def expected(self, curve: np.ndarray) -> np.ndarray:
        return np.asarray(_missing(self.later, curve) - _missing(self.age, curve))

    def residual(self, curve: np.ndarray) -> np.ndarray:
        return np.asarray(self.log_ratio - self.expected(curve))

    def covariance(self, error: np.ndarray) -> np.ndarray:
        spread, fade, common = np.exp(error[0]), np.exp(error[1]), _share(error[2])
        variance = _spread(self.age, spread, fade) ** 2 - _spread(self.later, spread, fade) ** 2
        scale = np.sqrt(variance)
        return common * np.outer(scale, scale) + np.diag((1 - common) * variance + _ROUNDING**2)

    def unlikely(self, curve: np.ndarray, error: np.ndarray) -> float:
        """Return minus the logarithm of the density, without its constant."""
        root = np.linalg.cholesky(self.covariance(error))
        whitened = solve_triangular(root, self.residual(curve), lower=True)
        return float(0.5 * whitened @ whitened + np.log(np.diag(root)).sum())


# --- Use ------------------------------------------------------------------------------------------------------------

_COUNTED = {"final", "modelled"}


def provisional(rows: pd.DataFrame, curve: Completeness) -> pd.DataFrame:
    """Return `age` (months), `log_share` and `sd` of each row of single months, in the order and index of `rows`.

    `log_share` is the expected log(count / final), `sd` its standard deviation; both are 0 (and `age` NaN) where the
    status is final or modelled. Raises `InputError` for other aggregations than months, statuses that are no count
    (partial, predicted, …) and provisional rows without a vintage or known before the month ended.
    """
    first, last = calendar.months_of(rows["period_start"], rows["period_end"])
    open_rows = ~rows["status"].isin(_COUNTED).to_numpy()
    age = np.full(len(rows), np.nan)
    problems = []
    for k, (status, vintage) in enumerate(zip(rows["status"], rows["vintage"], strict=True)):
        fault = _fault(status, vintage, int(first[k]), int(last[k]))
        if fault is None and open_rows[k]:
            age[k] = _release_month(vintage) - last[k]
            fault = "known before the month ended" if age[k] < 0 else None
        if fault is not None:
            problems.append(_problem(rows.iloc[k], fault))
    if problems:
        raise InputError(*problems)
    at = np.where(open_rows, age, 0.0)
    log_share, sd = np.where(open_rows, -curve.missing(at), 0.0), np.where(open_rows, curve.sd(at), 0.0)
    return pd.DataFrame({"age": age, "log_share": log_share, "sd": sd}, index=rows.index)


def _fault(status: str, vintage: str, first: int, last: int) -> str | None:
    if first != last:
        return "is not a single month: completeness is known by month only"
    if status not in {*_COUNTED, "provisional"}:
        return f"status '{status}' is no count that can be completed"
    return "provisional without a vintage, so its age is not known" if status == "provisional" and not vintage else None


def _problem(row: pd.Series, what: str) -> Problem:
    line = row.get("line")
    text = f"{row.get('series', 'row')} {row['period_end']:%Y-%m}: {what}"
    return Problem(text, row.get("file"), None if line is None else int(line))


def simulate(
    rows: pd.DataFrame, curve: Completeness, rng: np.random.Generator, origin: str, youngest: int = YOUNGEST
) -> pd.DataFrame:
    """Return the rows of single months as they may have stood in the file of `origin` (a day or month).

    Months younger than `youngest` are left out, as the file does not have them; those up to `OLDEST` months old get a
    count drawn from the curve and its error (one draw common to the file, one of each month), status provisional and
    the vintage `origin`; older ones stay. A row that is itself still provisional is completed to its expected final
    count first. Raises `InputError` as `provisional` does.
    """
    now = provisional(rows, curve)
    _, last = calendar.months_of(rows["period_start"], rows["period_end"])
    age = _release_month(origin) - last
    out, drawn = age >= youngest, (age >= youngest) & (age <= OLDEST)
    common, single, level = rng.standard_normal(), rng.standard_normal(len(rows)), rng.standard_normal()
    error = np.sqrt(curve.common) * common + np.sqrt(1 - curve.common) * single
    error = error * _spread(age, curve.spread, curve.fade) + level * curve.uncertainty * curve.missing(age)
    count = rows["value"].to_numpy(float) * np.exp(-now["log_share"].to_numpy() - curve.missing(age) + error)
    made = rows.assign(
        value=np.where(drawn, np.rint(count), rows["value"]),
        status=rows["status"].mask(drawn, "provisional"),
        vintage=rows["vintage"].mask(drawn, origin),
    )
    return made[out]


# --- Proof ----------------------------------------------------------------------------------------------------------


def held_out(rows: pd.DataFrame, series: str = "synthetic_opioid_deaths", *, past_only: bool = False) -> pd.DataFrame:
    """Return how well open 12-month sums of each vintage are completed by a curve that never saw that vintage.

    One row a vintage and open sum (up to `OLDEST` months old): `vintage`, `month`, `age`, and the log of `reported`,
    `completed` and `predicted` (NCHS's own; NaN where it gave none) over the later count, made up of months as last
    known (`RECODED` months before their closing). With `past_only` the curve knows earlier vintages only, as on the
    day.
    """
    months = _single_months(rows, series, None)
    if months is None:
        return pd.DataFrame(columns=["vintage", "month", "age", "reported", "completed", "predicted"])
    parts = [_held_out(rows, series, months, str(v), past_only) for v in _comparisons(months)["vintage"].unique()]
    return pd.concat(parts, ignore_index=True)


def _held_out(rows: pd.DataFrame, series: str, months: _Months, vintage: str, past_only: bool) -> pd.DataFrame:
    day_before = f"{_day_known(vintage) - pd.Timedelta(days=1):%Y-%m-%d}"
    curve = completeness(rows[rows["vintage"] != vintage], series, day_before if past_only else None)
    age, value, last = months.age(vintage), months.value[vintage], months.last()
    still_open = ~months.closed[vintage] & (age <= OLDEST)
    final = last["value"].where((last["age"] >= SETTLED) & (last["age"] >= age))
    completed = value.div(np.where(still_open, curve.share(age), 1.0))
    sums = pd.DataFrame({"reported": value, "completed": completed, "final": final}).rolling(12).sum()
    found = (rows["series"] == series) & (rows["vintage"] == vintage) & (rows["status"] == "predicted")
    _, ends = calendar.months_of(rows.loc[found, "period_start"], rows.loc[found, "period_end"])
    sums["predicted"] = pd.Series(rows.loc[found, "value"].to_numpy(float), index=ends).reindex(sums.index)
    table = pd.DataFrame({"vintage": vintage, "month": sums.index, "age": age}, index=sums.index)
    for column in ("reported", "completed", "predicted"):
        table[column] = np.log(sums[column] / sums["final"])
    return table[still_open & table["completed"].notna()]
