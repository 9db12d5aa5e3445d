"""Integrations with other libraries: one module for each, named after the library that it imports."""
