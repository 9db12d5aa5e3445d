"""The hosted UI of user pools: the pages where people sign in, and the OAuth endpoints behind them."""
