"""``python -m aiocognito``, and the console script ``aiocognito``."""

from __future__ import annotations

import sys
from typing import Final

# The packages of the extra, by the names under which they are imported.
EXTRA: Final = frozenset({"aiohttp", "click", "fido2", "pyotp", "rich", "typer"})


def main() -> int:
    """Run the command line and return its exit code; 2 if the extra is not installed."""
    try:
        from ._cli import run

        return run(sys.argv[1:])
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
    print(
        f"aiocognito: {missing} is not installed, and the command line needs it.\n"
        "Install it with: pip install 'aiocognito[cli]'",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
