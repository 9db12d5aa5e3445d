"""Serve the shop in this process."""

import argparse

from aiohttp import web

from .app import make_app


def main() -> None:
    """Read the address, and serve until the process is stopped."""
    parser = argparse.ArgumentParser(description="Serve the shop on aiohttp.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    web.run_app(make_app(), host=options.host, port=options.port, print=None)


if __name__ == "__main__":
    main()
