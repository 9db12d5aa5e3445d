"""Flows: stateless coroutines that exchange requests with Cognito and return an outcome.

A flow takes its data as arguments and stores nothing: sessions and storages are above it.
"""
