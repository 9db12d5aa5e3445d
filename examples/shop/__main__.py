"""Start the shop in two processes, with an emulated user pool: ``python -m examples.shop``."""

import sys

from .demo.run import main

if __name__ == "__main__":
    package = __spec__.parent if __spec__ else "examples.shop"
    sys.exit(main("The shop on FastAPI", ["uvicorn", f"{package}.app:app", "--log-level", "warning"]))
