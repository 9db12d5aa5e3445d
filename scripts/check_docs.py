"""Check built pages: ``python scripts/check_docs.py .cache/docs``.

1. Every link between pages leads to a page, and to a place in it.
2. The search finds the pages for the words that newcomers look for.
3. Blocks have a copy button, and no page loads anything from another host.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from sphinx.search.en import SearchEnglish

# A word, and the page that the search has to find by its title or a heading.
WORDS = {
    "docker": "docker-ci",
    "csrf": "fastapi",
    "redis": "machines",
    "pytest": "testing",
    "migrate": "migrating/index",
    "troubleshoot": "troubleshooting",
    "admin": "admin",
    "glossary": "glossary",
    "pycognito": "migrating/pycognito",
}


class Page(HTMLParser):
    """The links of a page, what it loads, and the places that links can lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element says."""
        found = dict(attrs)
        if identifier := found.get("id"):
            self.places.add(identifier)
        if tag == "a" and (target := found.get("href")):
            self.links.append(target)
        if tag in ("script", "img") and (source := found.get("src")):
            self.loaded.append(source)
        if tag == "link" and found.get("rel") == "stylesheet" and (source := found.get("href")):
            self.loaded.append(source)


def broken_links(root: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield the links between pages that lead to a page or a place that is missing."""
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            address, place = urldefrag(link)
            target = (path.parent / unquote(address)).resolve() if address else path
            if not target.exists():
                yield f"{path.relative_to(root)}: {link}"
            elif place and target in pages and unquote(place) not in pages[target].places:
                yield f"{path.relative_to(root)}: {link} has no such place"


def search_index(root: Path) -> dict[str, Any]:
    """Return the index that the search page reads."""
    text = (root / "searchindex.js").read_text(encoding="utf-8")
    index: dict[str, Any] = json.loads(text.removeprefix("Search.setIndex(").rstrip(");\n"))
    return index


def found_by(index: dict[str, Any], word: str) -> set[str]:
    """Return the pages that the search finds by their title or a heading."""
    stem = SearchEnglish({}).stem(word)
    found = index["titleterms"].get(stem, [])
    numbers = found if isinstance(found, list) else [found]
    return {index["docnames"][number] for number in numbers}


def main() -> None:
    """Run all checks."""
    root = Path(sys.argv[1]).resolve()
    pages = {path.resolve(): Page(path) for path in sorted(root.rglob("*.html"))}
    problems = list(broken_links(root, pages))
    index = search_index(root)
    problems += [
        f"the search for {word} misses {page}"
        for word, page in WORDS.items()
        if page not in found_by(index, word)
    ]
    problems += [
        f"{path.relative_to(root)} loads {each}"
        for path, page in pages.items()
        for each in page.loaded
        if urlsplit(each).scheme
    ]
    if not any("copybutton" in each for each in pages[root / "index.html"].loaded):
        problems.append("blocks have no copy button")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
