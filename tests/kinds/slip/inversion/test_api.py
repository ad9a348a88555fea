"""The example of docs/python.md, run as it stands on small files."""

import re
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[4] / "docs" / "python.md"


def test_the_example_runs(dataset, projection, specimen, tmp_path, capsys):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S).group(1)
    for name, place in {
        "results/demo/dataset": dataset,
        "results/demo/models/projection": projection,
        "results/demo/inversion/specimen.nc": specimen,
        "my-result": tmp_path / "result",
    }.items():
        assert name in code
        code = code.replace(name, str(place))
    names = {}
    exec(code, names)
    opened = names["dataset"]
    shape = len(opened.time), 3, *opened.image
    assert str(shape) in capsys.readouterr().out
    answer = names["found"].answer
    assert ((answer.low < answer.parameters) & (answer.parameters < answer.high)).all()
    assert (tmp_path / "result" / "report.html").exists()
    predicted = names["model"].predict(opened, np.arange(4))
    assert np.abs(predicted / opened.parameters[:4] - 1).max() < 0.2
