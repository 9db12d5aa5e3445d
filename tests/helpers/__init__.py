"""What the tests of several areas share: each thing exists once."""
