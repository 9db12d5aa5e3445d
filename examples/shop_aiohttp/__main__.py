"""Start the shop in two processes, with an emulated user pool: ``python -m examples.shop_aiohttp``."""

import sys

from ..shop.demo.run import main

if __name__ == "__main__":
    package = __spec__.parent if __spec__ else "examples.shop_aiohttp"
    sys.exit(main("The shop on aiohttp", [f"{package}.serve"]))
