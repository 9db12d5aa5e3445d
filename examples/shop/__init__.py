"""A shop whose users sign in with Amazon Cognito: FastAPI, templates, and one small script for passkeys.

``python -m examples.shop`` starts it with an emulated user pool, and prints what to open.
"""
