"""What the applications and the tests share."""

from helpers.fastapi_routes import PASSWORD as PASSWORD

UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
COOKIE = "__Host-aiocognito"
