"""The JSON API: for programs that send an access token in ``Authorization: Bearer``, without cookies."""

from typing import Annotated

from fastapi import APIRouter, Security

from aiocognito import Claims

from .auth import cognito
from .front.goods import GOODS

router = APIRouter(prefix="/api")
Token = Annotated[Claims, Security(cognito.bearer())]
Staff = Annotated[Claims, Security(cognito.bearer(groups="staff"))]


@router.get("/me")
async def me(claims: Token) -> dict[str, str]:
    """Return whose token it is."""
    return {"sub": claims["sub"], "username": claims["username"]}


@router.get("/stock")
async def stock(_claims: Staff) -> dict[str, int]:
    """Return the stock, to users of the group ``staff``."""
    return {each.name: each.stock for each in GOODS}
