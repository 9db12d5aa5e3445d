"""Sessions: how a sign-in is stored, renewed and ended."""
