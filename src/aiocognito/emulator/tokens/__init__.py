"""Tokens: the keys that sign them, the ones that were issued, and who may do what with one."""
