"""Sign-ins: the steps from a username to tokens, for the API and for the hosted UI's pages.

A module has the steps of one factor. `registry` has them by the names of Cognito, and `sequence` says what
follows what.
"""
