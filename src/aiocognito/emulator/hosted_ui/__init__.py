"""The hosted UI of user pools: the pages where users sign in, and the OAuth endpoints behind them."""
