"""The shop on aiohttp, with fewer pages: signing up, in and out, forgotten passwords, browsers and devices.

``python -m examples.shop_aiohttp`` starts it. Templates, texts and user pool are those of `examples.shop`.
"""
