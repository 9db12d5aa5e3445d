"""What the library has for others: one module for each, named after it, which alone imports it."""
