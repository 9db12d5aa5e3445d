"""Sphinx's settings: ``sphinx-build -n -W -b html docs docs/_build``."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "aiocognito"
author = "the aiocognito contributors"
copyright = author
version = release = version_of("aiocognito")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "error_entries",
    "error_tables",
    "method_groups",
    "public_names",
    "public_source",
]
exclude_patterns = ["_build", "_ext"]
html_theme = "furo"
html_title = f"aiocognito {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings name things in single backticks: a link where there is something to link to.
default_role = "py:obj"
# Pages of others: their inventories would have to be fetched, and the docs are built without a network.
# Every name of ours has to have a page.
nitpick_ignore_regex = [
    ("py:.*", r"(collections\.abc|contextlib|datetime|os|pathlib)\..+"),
    ("py:.*", r"(aiobotocore|aiohttp|fastapi|httpx|opentelemetry|redis|starlette)\..+"),
    ("py:.*", r"pydantic\..+"),
    # Type variables have no page.
    ("py:class", r"aiocognito\.(_models\.C|integrations\.(_fastapi_bearer\.T|aiohttp\.H))"),
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = False
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
toc_object_entries_show_parents = "hide"
