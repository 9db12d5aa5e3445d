"""``python -m benchmarks.faults``: inject one fault at each position of each operation that moves tokens.

The service and the storage are simulated, and so is time, so that a run takes milliseconds and is the same
each time. A session that ends although its refresh token could still be used is a failure.
"""
