"""Documentation that can be checked against the code."""

import re
from pathlib import Path

from slipfield.kinds.slip.dataset.contract import KINDS

DOCS = Path(__file__).parents[2] / "docs"


def test_file_contract_page_lists_exactly_the_variables_of_the_contract():
    page = (DOCS / "files.md").read_text()
    headings = {
        "microstructure": "## Microstructure",
        "shard": "## Shard",
        "reference": "## Reference",
        "statistics": "`statistics.nc` (",
    }
    for kind in KINDS:
        section = page.split(f"\n{headings[kind.name]}", 1)[1].split("\n## ", 1)[0]
        rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (\w+) \| ([^|]*) \|", section, re.M)
        expected = [
            (name, ", ".join(entry.dims) or "-", entry.dtype, entry.units or "-")
            for name, entry in kind.variables.items()
        ]
        assert sorted(rows) == sorted(expected)
