"""The parts of an account."""

from typing import Final

from attrs import frozen


@frozen
class Area:
    """A part of an account: the path of its page, its title, and what it is about."""

    path: str
    title: str
    text: str


AREAS: Final = (
    Area("/account/profile", "Profile", "Your name and your e-mail address"),
    Area("/account/password", "Password", "Change it"),
    Area("/account/factors", "Ways to sign in", "Authenticator app, codes by e-mail, passkeys"),
    Area("/account/browsers", "Browsers and devices", "Where you are signed in"),
    Area("/account/token", "Access token", "For programs that use the shop"),
    Area("/account/delete", "Delete the account", "Asks you to sign in again"),
)
