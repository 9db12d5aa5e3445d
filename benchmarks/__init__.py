"""Speed and memory beside other libraries: ``python -m benchmarks``, from a checkout.

Every number is printed beside those of the libraries that people use today, taken in the same run.
"""
