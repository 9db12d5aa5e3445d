"""Gateways to the outside: one per remote service. Only these modules touch the network."""
