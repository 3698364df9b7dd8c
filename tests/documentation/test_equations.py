"""Equations as written: against the graph, which is made of PySD's trees, and against sums made by hand."""

from hypothesis import given
from hypothesis import strategies as st

from sdforecast.documentation.equations import arguments, cut, names_in, read_equations, terms
from tests.small import MODELS


def test_every_equation_of_the_shipped_model_names_what_pysd_finds_in_it(subject):
    assert set(subject.equations.by_name) == set(subject.model.names)
    for name, equation in subject.equations.by_name.items():
        assert set(names_in(equation.expression, subject.equations.by_name)) == set(subject.uses[name]), name


def test_unit_comment_and_sector_are_those_that_pysd_reads(subject):
    table = subject.model.variables.set_index("name")
    for name, equation in subject.equations.by_name.items():
        assert equation.unit == table.loc[name, "unit"]
        assert equation.sector == table.loc[name, "sector"]
        assert equation.comment.split() == table.loc[name, "comment"].replace("\\", " ").split()


def test_a_line_is_where_the_name_stands(subject):
    lines = subject.model.path.read_text("utf-8").splitlines()
    for name, equation in subject.equations.by_name.items():
        assert lines[equation.line - 1].startswith(name)


def test_groups_and_their_comments():
    found = read_equations((MODELS / "growth.mdl").read_text("utf-8"))
    assert found.sectors == {"People": "One stock that grows, one that decays.", "Stuff": ""}
    assert [each.name for each in found.of("Stuff")] == ["Drug_left", "half life"]
    assert found.by_name["births"].expression == "Population * growth rate"


def test_points_leave_out_the_range_of_the_axes():
    text = "table =\n\tWITH LOOKUP(Time,([(0,0)-(9,1)],(0,-.5),(1e1 , \\\n\t\t2.5E-3)))\n~ kg\n~ What.\n|\n"
    table = read_equations(text).by_name["table"]
    assert table.points == [(0, -0.5), (10, 0.0025)]
    assert table.is_over_time


def test_a_table_of_another_variable_is_not_over_time():
    text = "table = WITH LOOKUP(stock,([(0,0)-(9,1)],(0,1),(1,2)))\n~~|\n"
    assert not read_equations(text).by_name["table"].is_over_time


def test_terms_of_a_sum():
    assert terms("a - b * (c - d) + MAX(e, -f)") == [("+", "a"), ("-", "b * (c - d)"), ("+", "MAX(e, -f)")]
    assert terms("-a * -b - 1e-06 + 2E+3") == [("-", "a * -b"), ("-", "1e-06"), ("+", "2E+3")]


def test_arguments_of_a_call():
    assert arguments("INTEG (a * MIN(b, c) - d, 1 / (1 + e))") == ["a * MIN(b, c) - d", "1 / (1 + e)"]
    assert arguments("12") == [""]


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(st.sampled_from("+-"), numbers.map(abs), numbers.map(abs)), min_size=1, max_size=6))
def test_the_terms_of_a_sum_add_up_to_it(parts):
    text = " ".join(f"{sign} {a!r} * (1 - {b!r})" for sign, a, b in parts).removeprefix("+ ")
    total = sum((1 if sign == "+" else -1) * eval(term) for sign, term in terms(text))
    assert abs(total - eval(text)) <= 1e-9 * max(1, *(abs(a * (1 - b)) for _, a, b in parts))


def test_cutting_keeps_what_stands_in_brackets():
    assert cut("a, f(b, c), [d, e]", ",") == ["a", "f(b, c)", "[d, e]"]
