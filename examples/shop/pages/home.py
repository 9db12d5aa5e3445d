"""The first page, and the health check."""

from fastapi import APIRouter
from starlette.responses import Response

from ..front.goods import GOODS
from ..page import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(page: Visitor) -> Response:
    """Show what the shop sells."""
    return page.render("home.html", goods=GOODS)


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that this process serves. It uses neither a session nor Cognito."""
    return {"status": "ok"}
