"""The project is written in plain English: a few words that make sentences vague are refused."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .pages import PAGES, ROOT, name_of

# Built from parts, so that this file can be checked as well.
PRONOUNS = [first + second for first in ("no", "some", "any", "every") for second in ("body",)]
REFUSED = [*PRONOUNS, "who" + "ever", "what" + "ever"]
IDIOMS = ("longer", "more than", "such")
PATTERN = re.compile(
    rf"(?i:\b(?:{'|'.join(REFUSED)})\b)|\b(?:is|are|was) (?:none\b|no\b(?! (?:{'|'.join(IDIOMS)})\b))",
)
# Texts of others: Cognito's messages and AWS's documentation.
QUOTED = ("Cannot reset password for the user as there is no registered/verified email or phone_number",)
SOURCE = ROOT / "src/aiocognito"
TEXTS = [
    *PAGES,
    *sorted((ROOT / "docs/reference").glob("*.md")),
    *sorted(SOURCE.rglob("*.py")),
]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "node_modules" not in path.parts]
FOLDERS = ("tests", "examples", "benchmarks", "scripts", "docker", "src/aiocognito/emulator/html")
ENDINGS = {".py", ".mjs", ".ts", ".html", ".css", ".sh", ".toml", ".yaml", ".js"}
OTHERS = [
    *(
        ROOT / name
        for name in ("scripts/test", "docker/Dockerfile", "pyproject.toml", "tox.ini", ".importlinter")
    ),
    *(
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in ENDINGS and "node_modules" not in path.parts and path not in TESTS
    ),
]


def refused_in(text: str) -> list[str]:
    """Return the lines with a refused word, with their numbers."""
    for quoted in QUOTED:
        text = text.replace(quoted, "")
    lines = text.split("\n")
    # A phrase can continue on the next line.
    return [
        f"{number}: {line.strip()}"
        for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1)
        if any(
            match.start() < len(line)
            for match in PATTERN.finditer(f"{line} {following.strip().lstrip('# ')}")
        )
    ]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_a_text_has_no_refused_word(path: Path) -> None:
    assert refused_in(path.read_text(encoding="utf-8")) == []


def test_tests_tools_and_templates_have_no_refused_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in [*TESTS, *OTHERS]
        for line in refused_in(path.read_text(encoding="utf-8"))
    ]
    assert found == []


NAMES = re.compile(
    # The same words between underscores, and vague ones: "who" without a user, "is there" without a place.
    rf"_(?:{'|'.join(REFUSED)})(?:_|$)"
    rf"|_(?:is|are|was)_(?:none(?:_|$)|no_(?!(?:{'|'.join(IDIOMS).replace(' ', '_')})_))"
    r"|(?:^test|_one|_two|_many|_those|_of)_whom?_|_(?:is|are|was)_there(?:_|$)"
    r"|_(?:tells?|told|hears?|heard)(?:_|$)"
)


def test_the_names_of_tests_are_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TESTS
        for name in re.findall(
            r"^ *(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        if NAMES.search(name)
    ]
    assert found == []


FEW_WORDS = 4


def test_a_short_name_of_a_test_has_a_sentence_beside_it() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if node.name.count("_") < FEW_WORDS and not ast.get_docstring(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "name",
    [
        *(f"test_{word}_asks" for word in REFUSED),
        "test_keys_are_" + "none",
        "test_it_is_" + "no_key",
        "test_who_" + "asks",
        "test_those_who_" + "ask",
        "test_what_is_" + "there",
        "test_a_failure_is_" + "told",
    ],
)
def test_vague_names_are_found(name: str) -> None:
    assert NAMES.search(name)


@pytest.mark.parametrize(
    "name", ["test_it_is_no_longer_valid", "test_a_user_who_is_disabled", "test_whole_numbers"]
)
def test_plain_names_are_accepted(name: str) -> None:
    assert not NAMES.search(name)


@pytest.mark.parametrize(
    "text",
    [
        *(f"If {word} asks" for word in REFUSED),
        "There is " + "none.",
        "it was " + "no code",
        "it is " + "no\nJWT",
    ],
)
def test_refused_words_are_found(text: str) -> None:
    assert refused_in(text) != []


@pytest.mark.parametrize(
    "text", ["it is no longer valid", "are no more than two", "was no such user", "noble"]
)
def test_plain_words_are_accepted(text: str) -> None:
    assert refused_in(text) == []
