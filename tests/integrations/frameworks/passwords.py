"""What the applications and the tests share."""

PASSWORD = "Correct-Horse-7"
UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
COOKIE = "__Host-aiocognito"
