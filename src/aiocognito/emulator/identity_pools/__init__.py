"""Identity pools: the identity of a login, its role, and its credentials."""
