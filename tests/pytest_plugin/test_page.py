"""The page "Testing your application with pytest" can be pasted into a project."""

from __future__ import annotations

from helpers.pytest_runs import ROOT, Runs


def test_the_examples_of_the_page_pass(runs: Runs) -> None:
    page = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    examples = [part.partition("\n```")[0] for part in page.split("```python\n")[1:]]
    assert len(examples) == 5
    for number, example in enumerate(examples):
        (runs.directory / f"test_{number}.py").write_text(example + "\n")
    modes = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    outcome = runs(*modes, plugins=["asyncio"])
    assert outcome.counts == {"passed": 14}, outcome.text
