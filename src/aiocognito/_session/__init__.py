"""The record of one person's sign-in: how it is kept, committed, refreshed and ended."""
