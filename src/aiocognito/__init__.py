"""Amplify Auth for asyncio services."""
