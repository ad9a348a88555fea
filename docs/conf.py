"""Sphinx's settings for these pages; `make docs` builds them.

The pages are plain Markdown that a code host shows as it is, so that links out of docs/ are
relative paths into the repository. In the built pages they lead into the checkout that they were
built in or, with SLIPFIELD_REPOSITORY=https://HOST/OWNER/NAME/blob/main, to the code host.
"""

import os
import re

from sphinx.application import Sphinx

CHECKOUT = "../../.."
"""The repository as seen from docs/_build/html."""

REPOSITORY = os.environ.get("SLIPFIELD_REPOSITORY", CHECKOUT).rstrip("/")
LINK_OUT_OF_DOCS = re.compile(r"(?<!!)(\[[^\[\]]*\])\(\.\./")

project = "Slipfield"
author = "Slipfield contributors"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Slipfield"
nitpicky = True
highlight_language = "none"
myst_heading_anchors = 4
myst_url_schemes = {
    "http": None,
    "https": None,
    "repository": f"{REPOSITORY}/{{{{path}}}}#{{{{fragment}}}}",
}


def lead_out(app: Sphinx, name: str, source: list[str]) -> None:
    """Give links out of docs/ the scheme above; images are copied by Sphinx as they are."""
    source[0] = LINK_OUT_OF_DOCS.sub(r"\1(repository:", source[0])


def setup(app: Sphinx) -> None:
    """Connect to Sphinx's event before a page is parsed."""
    app.connect("source-read", lead_out)
