"""The environment of a test that the pytest plugin leads to an emulator."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .._public import public


@public("aiocognito.emulator")
@frozen
class CognitoEnvironment:
    """The value of the pytest fixture ``cognito_env``.

    Args:
        variables: The environment variables that were set, such as ``COGNITO_USER_POOL_ID``.
        amplify_outputs: The content of ``amplify_outputs.json`` for the user pool. The emulator's URLs, for
            which Amplify has no place, are below ``custom.aiocognito``: ``user_pool_endpoint``,
            ``identity_pool_endpoint`` and ``oauth_domain``.
    """

    variables: Mapping[str, str] = field(repr=False)
    amplify_outputs: dict[str, Any]
