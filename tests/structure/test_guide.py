"""The guide's example runs as it is written."""

import re

from tests.small import MODELS, ROOT


def test_the_example_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "structure.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    source = (MODELS / "sir.mdl").read_text("utf-8").replace("Infectious", "Infected")
    (tmp_path / "model.mdl").write_text(source, "utf-8")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert "reinforcing Infected –+→ infection –+→ Infected\n" in capsys.readouterr().out
