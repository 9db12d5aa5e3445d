"""What a page calls the signed-in user."""

from aiocognito import AuthClient, AuthUser


async def name_of(auth: AuthClient, user: AuthUser) -> str:
    """Return the address of a user, by the id token."""
    tokens = (await auth.fetch_auth_session(credentials=False)).tokens
    claims = tokens.id_token.payload if tokens and tokens.id_token else {}
    return str(claims.get("email") or user.username)
