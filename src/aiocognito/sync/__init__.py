"""The library for synchronous code, such as scripts, Flask and Django: the same names as plain calls.

`AuthClient`, `SessionManager` and `TokenVerifier` run on an event loop in a thread of their own. Each process
has one such thread. It is started by the first call, again after a fork, and ends with the process. Use them
in a ``with`` block, or call ``close()``.

All threads may share them. Called in a thread where an event loop runs, they raise ``RuntimeError``: use
the classes of ``aiocognito`` there. A storage or client that is passed must not be in use by another event
loop.
"""

from ._client import AuthClient
from ._hub import Hub
from ._sessions import SessionManager
from ._tokens import TokenProvider
from ._verifier import TokenVerifier

__all__ = ["AuthClient", "Hub", "SessionManager", "TokenProvider", "TokenVerifier"]
