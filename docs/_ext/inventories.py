"""Links to the documentation of other projects, from inventories in ``docs/_inventories``.

`sphinx.ext.intersphinx` would fetch the whole inventory of each project, and the docs are built without a
network. Our inventories list the names that our pages mention, as text. A build packs them into Sphinx's
format.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata

DIRECTORY = Path(__file__).parents[1] / "_inventories"


def read(path: Path) -> tuple[str, list[str]]:
    """Return a project's address and the lines of its inventory."""
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    return first.split()[-1], lines


def packed(name: str, lines: list[str]) -> bytes:
    """Return lines as an inventory of version 2, the format of ``objects.inv``."""
    head = [
        "# Sphinx inventory version 2",
        f"# Project: {name}",
        "# Version: ",
        "# The remainder of this file is compressed using zlib.",
    ]
    body = "".join(f"{line}\n" for line in lines)
    return "".join(f"{line}\n" for line in head).encode() + zlib.compress(body.encode())


def names() -> Iterator[str]:
    """Yield every name that has a link."""
    for path in sorted(DIRECTORY.glob("*.txt")):
        yield from (line.split()[0] for line in read(path)[1])


def configure(app: Sphinx, config: Config) -> None:
    """Write the inventories, and let intersphinx read them."""
    target = Path(app.doctreedir) / "inventories"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(DIRECTORY.glob("*.txt")):
        address, lines = read(path)
        inventory = target / f"{path.stem}.inv"
        inventory.write_bytes(packed(path.stem, lines))
        config.intersphinx_mapping[path.stem] = (address, str(inventory))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.setup_extension("sphinx.ext.intersphinx")
    # Before intersphinx checks its setting.
    app.connect("config-inited", configure, priority=100)
    return {"parallel_read_safe": True}
