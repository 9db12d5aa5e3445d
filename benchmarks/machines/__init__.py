"""Many processes, one session, one Redis: what is refreshed, and what faults do to it."""
