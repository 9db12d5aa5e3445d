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
    "inventories",
    "method_groups",
    "public_names",
    "public_source",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_ext", "_inventories"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_title = f"aiocognito {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings name things in single backticks: a link where there is something to link to.
default_role = "py:obj"
# Every name has to have a page: ours here, those of others in `_inventories`.
nitpick_ignore_regex = [
    # Sphinx takes a callable without arguments for a name.
    ("py:class", r"collections\.abc\.Callable\[\[\]"),
    # Type variables have no page.
    ("py:class", r"aiocognito\.(_models\.C|integrations\.(_fastapi_bearer\.T|.*\bH))"),
]
# The copy button leaves out prompts, and what a command printed.
copybutton_prompt_text = r"^\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = False
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
toc_object_entries_show_parents = "hide"
