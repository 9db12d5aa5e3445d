"""One stateless coroutine per conversation with Cognito.

A flow takes what it needs as arguments and returns an outcome; it remembers nothing and knows
neither sessions nor storages.
"""
