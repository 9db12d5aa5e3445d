"""What runs the example: an emulated user pool with users, and the processes of the shop."""
