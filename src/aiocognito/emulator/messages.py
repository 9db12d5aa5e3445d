"""The subject and text of messages: Cognito's defaults, or those of the CustomMessage trigger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from . import triggers

if TYPE_CHECKING:
    from .clients import AppClient
    from .pool import UserPool
    from .users import User

CODE: Final = "{####}"
LINK: Final = "{##Click Here##}"
_LINK: Final = re.compile(r"\{##[^{}]+##\}")
USERNAME: Final = "{username}"
INVITED: Final = "AdminCreateUser"


@frozen
class Occasion:
    """Why a message is sent.

    Args:
        source: ``triggerSource`` of CustomMessage, without its name: ``SignUp``, ``Authentication``, …
        client: The app client; an administrator has none.
        metadata: ``ClientMetadata``.
    """

    source: str
    client: AppClient | None = None
    metadata: Mapping[str, str] = field(factory=dict, repr=False)


@frozen
class Wording:
    """A message's subject (``None`` for an SMS) and text, with places for code, link and username."""

    subject: str | None
    text: str

    def filled(self, user: User, code: str, link: str | None) -> Wording:
        """Return the wording with the code, the link and the username in place."""
        text = _LINK.sub(lambda _found: link or "", self.text)
        for place, value in {CODE: code, USERNAME: user.username}.items():
            text = text.replace(place, value)
        return Wording(self.subject, text)


async def wording_of(
    pool: UserPool, user: User, medium: str, occasion: Occasion, *, by_link: bool
) -> Wording:
    """Return the CustomMessage trigger's wording, the pool's own, or Cognito's default.

    Raises:
        ApiError: The trigger failed, or left the code out.
    """
    default = _own(pool, medium, occasion.source, _default(medium, occasion.source, by_link=by_link), by_link)
    response = await triggers.run(
        pool,
        "CustomMessage",
        f"CustomMessage_{occasion.source}",
        client=occasion.client,
        username=user.username,
        request=triggers.about(
            user,
            occasion.metadata,
            codeParameter=CODE,
            linkParameter=LINK,
            usernameParameter=USERNAME if occasion.source == INVITED else None,
        ),
        response={"smsMessage": None, "emailMessage": None, "emailSubject": None},
    )
    if response is None:
        return default
    text = _text(response, "emailMessage" if medium == "EMAIL" else "smsMessage")
    subject = _text(response, "emailSubject") if medium == "EMAIL" else None
    if text is not None and (LINK if by_link else CODE) not in text:
        raise triggers.unrecognizable()
    return Wording(subject or default.subject, text or default.text)


def _text(response: Mapping[str, Any], name: str) -> str | None:
    text = response[name]
    if text is not None and not isinstance(text, str):
        raise triggers.unrecognizable()
    return text or None


# Documented (A pool's own messages): the settings that each message is taken from.
def _own(pool: UserPool, medium: str, source: str, default: Wording, by_link: bool) -> Wording:
    settings, by_mail = pool.settings, medium == "EMAIL"
    if source == INVITED:
        invitation = settings["AdminCreateUserConfig"].get("InviteMessageTemplate") or {}
        text = invitation.get("EmailMessage" if by_mail else "SMSMessage")
        subject = invitation.get("EmailSubject")
    elif source == "Authentication":
        own = pool.mfa.get("EmailMfaConfiguration" if by_mail else "SmsMfaConfiguration") or {}
        text = own.get("Message") if by_mail else own.get("SmsAuthenticationMessage")
        text = text or (None if by_mail else settings.get("SmsAuthenticationMessage"))
        subject = own.get("Subject")
    else:
        template = settings["VerificationMessageTemplate"]
        suffix = "ByLink" if by_link else ""
        text = template.get(f"EmailMessage{suffix}" if by_mail else "SmsMessage")
        subject = template.get(f"EmailSubject{suffix}")
    return Wording((subject or default.subject) if by_mail else None, text or default.text)


def _default(medium: str, source: str, *, by_link: bool) -> Wording:
    if source == INVITED:
        text = f"Your username is {USERNAME} and temporary password is {CODE}."
        return Wording("Your temporary password" if medium == "EMAIL" else None, text)
    if by_link:
        return Wording("Your verification link", f"Follow this link to confirm your account: {LINK}")
    noun = "authentication" if source == "Authentication" else "confirmation"
    return Wording("Your verification code" if medium == "EMAIL" else None, f"Your {noun} code is {CODE}")
