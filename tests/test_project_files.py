"""The files of the project name public places and each other correctly."""

import configparser
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_the_lock_file_names_the_public_index_only() -> None:
    text = (ROOT / "uv.lock").read_text("utf-8")
    packages = tomllib.loads(text)["package"]
    sources = {package["source"].get("registry") for package in packages if package["name"] != "aiocognito"}
    assert sources == {"https://pypi.org/simple"}
    assert set(re.findall(r'url = "https?://([^/"]+)', text)) == {"files.pythonhosted.org"}


def test_the_workflows_run_environments_that_exist() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    environments = {each.strip() for each in tox["tox"]["env_list"].split(",")}
    matrix = re.search(r"environment: \[([^]]+)\]", (ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    assert matrix is not None
    # Chromium comes with the job that runs scripts/test.
    assert {each.strip() for each in matrix[1].split(",")} == environments - {"browser"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_the_actions_are_pinned_by_their_commit(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)", workflow.read_text("utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", each)] == []


def test_every_tested_version_of_python_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {each.rpartition(" ")[2] for each in project["classifiers"] if ":: Python :: 3." in each}
    tested = set(re.findall(r"py3(\d+)", (ROOT / "tox.ini").read_text("utf-8").partition("[testenv]")[0]))
    assert declared == {f"3.{minor}" for minor in tested}


def test_the_readmes_links_lead_to_the_repository_on_pypi() -> None:
    """Apply the substitution that the build applies."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    repository = settings["project"]["urls"]["Repository"]
    text = (ROOT / "README.md").read_text("utf-8")
    for each in hook["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert f"{repository}/blob/v$HFPR_VERSION/SECURITY.md" in links
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', text)
    assert len(pictures) == 2
    assert [link for link in (*links, *pictures) if not link.startswith("https://")] == []
