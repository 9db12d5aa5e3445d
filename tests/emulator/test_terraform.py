"""Each Cognito resource of Terraform's AWS provider: created, read back, changed, imported and deleted."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from helpers.full_pool import check_full_pool
from helpers.terraform_resources import RESOURCES

from .identities import Identities
from .judge import Judge


@frozen
class Judged:
    """The judge as a client of the control plane."""

    judge: Judge

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        return await self.judge(operation, **members)

    async def refused(self, operation: str, /, **members: Any) -> tuple[str, str]:
        return await self.judge.refusal(operation, **members)


async def test_every_resource(judge: Judge, identities: Identities) -> None:
    """Each resource is created, read, changed, imported and deleted."""
    await check_full_pool({"cognito-idp": Judged(judge), "cognito-identity": identities})


def test_every_resource_of_the_provider_has_its_data() -> None:
    assert {row["resource"].split()[0] for row in RESOURCES} == {
        f"aws_cognito_{name}"
        for name in (
            "identity_pool",
            "identity_pool_provider_principal_tag",
            "identity_pool_roles_attachment",
            "identity_provider",
            "log_delivery_configuration",
            "managed_login_branding",
            "resource_server",
            "risk_configuration",
            "user",
            "user_group",
            "user_in_group",
            "user_pool",
            "user_pool_client",
            "user_pool_domain",
            "user_pool_ui_customization",
        )
    }
