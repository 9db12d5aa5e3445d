"""What the fixtures of the pytest plugin do. The plugin loads it when a test asks for one of them."""
