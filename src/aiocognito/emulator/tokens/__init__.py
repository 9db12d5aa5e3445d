"""Tokens: issue, refresh, revoke and verify them."""
