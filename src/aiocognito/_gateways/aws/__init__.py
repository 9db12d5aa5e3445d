"""The connection to AWS's JSON APIs, through aiobotocore."""
