"""Copy botocore's service models of Cognito into the emulator, without their documentation.

The emulator checks requests with these copies while an older botocore is installed: see
``aiocognito/emulator/service_model.py``. Run it with the newest botocore installed:
``python scripts/service_models.py``.
"""

from __future__ import annotations

import gzip
import inspect
import json
from pathlib import Path
from typing import Any

import botocore

VERSIONS = {"cognito-idp": "2016-04-18", "cognito-identity": "2014-06-30"}
TARGET = Path(__file__).parents[1] / "src/aiocognito/emulator/models"


def without_documentation(value: Any) -> Any:
    """Return the same value without its prose."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if not _is_prose(key, item)}
        return {key: without_documentation(item) for key, item in kept.items()}
    return [without_documentation(item) for item in value] if isinstance(value, list) else value


def _is_prose(key: str, item: Any) -> bool:
    return key == "documentation" and isinstance(item, str)


def lines(name: str, entries: dict[str, Any]) -> str:
    """Write a JSON object with one entry a line, so that a difference of versions can be read."""
    written = (f"{json.dumps(key)}:{json.dumps(entries[key], separators=(',', ':'))}" for key in entries)
    return f'"{name}":{{\n' + ",\n".join(written) + "\n}"


def main() -> None:
    """Write both copies."""
    data = Path(inspect.getfile(botocore)).parent / "data"
    for service, version in VERSIONS.items():
        packed = (data / service / version / "service-2.json.gz").read_bytes()
        model = without_documentation(json.loads(gzip.decompress(packed)))
        parts = ",\n".join(lines(name, model[name]) for name in ("operations", "shapes"))
        text = f'{{"botocore":"{botocore.__version__}",\n{parts}}}\n'
        (TARGET / f"{service}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
