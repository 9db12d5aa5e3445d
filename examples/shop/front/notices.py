"""What a page says after something was done. URLs name the text, so that a link cannot bring its own."""

from collections.abc import Mapping
from typing import Final

NOTICES: Final[Mapping[str, str]] = {
    "signed-out-everywhere": "You are signed out in all browsers.",
    "confirmed": "Your address is confirmed. Sign in now.",
    "expired": "The sign-in took too long. Begin again.",
    "profile": "Your profile is saved.",
    "email": "Your e-mail address is changed.",
    "password": "Your password is changed.",
    "reset": "Your password is changed. Sign in with it now.",
    "totp-on": "The authenticator app is your second factor now.",
    "factor-off": "The second factor is turned off.",
    "email-on": "Codes by e-mail are your second factor now.",
    "passkey": "The passkey is saved.",
    "passkey-deleted": "The passkey is deleted.",
    "ended": "The other browser is signed out.",
    "others-ended": "All other browsers are signed out.",
    "remembered": "This browser is remembered: the next sign-in here needs the password only.",
    "forgotten": "The device is forgotten.",
    "deleted": "Your account is deleted.",
}
