"""What the documents say is so: their examples run, and their claims about the code hold."""
