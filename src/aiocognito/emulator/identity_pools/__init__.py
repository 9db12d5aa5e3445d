"""Identity pools: whose identity a login is, which role it may take, and the credentials that come of it."""
