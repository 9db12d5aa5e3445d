"""Let autodoc find the source of what a public module defines in private ones.

autodoc reads order and comments of a class from the module that ``__module__`` names. A public name's is the
module from which users import it, so its source is read from the private modules of that package, too.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.typing import ExtensionMetadata

PACKAGES = ("aiocognito", "aiocognito.errors", "aiocognito.storage")


def sources(package: str) -> Iterator[str]:
    """Return the private modules of a package that define what is public in it."""
    path = importlib.import_module(package).__path__
    for found in pkgutil.walk_packages(path, f"{package}."):
        if any(part.startswith("_") for part in found.name.split(".")) and not found.name.endswith(
            "__main__"
        ):
            yield found.name


def merge(package: str) -> None:
    """Add to what is known of a package's source what its private modules define under its name."""
    into = ModuleAnalyzer.for_module(package)
    into.analyze()
    for name in sources(package):
        own = ModuleAnalyzer.for_module(name)
        own.analyze()
        first = len(into.tagorder)
        into.tagorder.update({tag: first + place for tag, place in own.tagorder.items()})
        into.attr_docs.update(own.attr_docs)


def setup(_app: Sphinx) -> ExtensionMetadata:
    for package in PACKAGES:
        merge(package)
    return {"parallel_read_safe": True}
