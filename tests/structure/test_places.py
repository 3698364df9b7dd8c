"""Lines of definitions in all ways of writing them."""

from sdforecast.structure.places import folded, lines

VENSIM = """{UTF-8}
{a comment with = in it
and | a bar is not allowed here, but x = 3 is}
Region: North, South
	~	~	|

"a quoted, name (x)" = 3
	~	kg	~	One. |

 plain name =
	4 * other
	~	kg
	~	Two = not a definition.
	|
********************************************************
	.Group
********************************************************~
		Words.
	|

table name(
	[(0,0)-(1,1)],(0,1),(1,2)) ~~|
stock[Region] = INTEG(1, 2) ~~|
later[Region] :EXCEPT: [North] = 1 ~~|
later[North] = 2 ~~|
Under_score = 5 ~~|
data name ~~|
fixed == 3 ~~| held :INTERPOLATE: ~~|
\\\\\\---/// Sketch
after = 3
"""


def test_vensim(tmp_path):
    file = tmp_path / "model.mdl"
    file.write_text(VENSIM, "utf-8")
    text = VENSIM.splitlines()
    found = lines(file)
    words = {
        "a quoted, name (x)": '"a quoted', "plain name": "plain name", "table name": "table name", "stock": "stock[",
        "later": "later[Region]", "under score": "Under_score", "data name": "data name", "fixed": "fixed",
        "held": "fixed",
    }  # fmt: skip
    for name, start in words.items():
        assert text[found[name] - 1].strip().startswith(start), name
    assert "after" not in found and "x" not in found


def test_xmile(tmp_path):
    file = tmp_path / "model.xmile"
    file.write_text(
        '<xmile>\n<model><variables>\n<stock name="My Stock">\n<aux name="a_b"/>\n<flow\n name="f">', "utf-8"
    )
    assert lines(file) == {"my stock": 3, "a b": 4, "f": 6}


def test_names_are_folded_as_vensim_and_xmile_see_them():
    assert folded('"My  Stock"') == folded("my_stock") == folded("My\\nStock") == "my stock"
