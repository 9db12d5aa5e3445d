"""Requests over HTTP, whose raw bytes are judged by botocore's own models and validator."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from botocore.validate import ParamValidator

from aiocognito.emulator.service_model import USER_POOLS
from helpers.model_judge import refusal_faults, response_faults
from helpers.service_models import newest_model

WRONG_SUBJECTS = {
    "UserPoolId": ("us-east-1_Unknown00", "ResourceNotFoundException"),
    "ClientId": ("unknown0client", "ResourceNotFoundException"),
    "Username": ("unknown", "UserNotFoundException"),
    "AccessToken": ("unknown", "NotAuthorizedException"),
    "ResourceArn": (
        "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Unknown00",
        "ResourceNotFoundException",
    ),
}
"""Members that name what a request is about: a value that names nothing, and the error's code."""


class Judge:
    """Asks, and holds the bytes that come back against botocore's model."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.model = newest_model()
        self.url, self.http = url, http
        self.asked: set[str] = set()
        self.accepted: dict[str, dict[str, Any]] = {}

    async def send(self, operation: str, members: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
        async with self.http.post(self.url, headers=target, data=json.dumps(members)) as response:
            raw = await response.read()
            if response.status == 200:
                # Without an output, the body is empty.
                output = self.model.operation_model(operation).output_shape
                assert bool(raw) is (output is not None), (operation, raw)
            body = json.loads(raw or b"{}")
            assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
            assert response.headers["x-amzn-RequestId"]
        return response.status, body

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Ask for what must be done."""
        report = ParamValidator().validate(members, self.model.operation_model(operation).input_shape)
        assert not report.has_errors(), (operation, report.generate_report())
        status, body = await self.send(operation, members)
        assert status == 200, (operation, body)
        assert response_faults(USER_POOLS, operation, body) == [], operation
        self.asked.add(operation)
        self.accepted[operation] = members
        return body

    async def refused(self, operation: str, /, **members: Any) -> str:
        """Ask for what must be refused; return the code, which the model must declare."""
        return (await self.refusal(operation, **members))[0]

    async def refusal(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Ask for what must be refused; return the code, which the model must declare, and the message."""
        status, body = await self.send(operation, members)
        assert status != 200, (operation, body)
        assert refusal_faults(USER_POOLS, operation, status, body) == [], operation
        code: str = body["__type"]
        return code, body["message"]

    async def wrong_subjects(self) -> None:
        """Send each accepted request again for a pool, client, user or token that does not exist."""
        for operation, members in self.accepted.items():
            errors = {shape.name for shape in self.model.operation_model(operation).error_shapes}
            for member in WRONG_SUBJECTS.keys() & members.keys():
                value, code = WRONG_SUBJECTS[member]
                if member == "Username" and (operation == "AdminCreateUser" or code not in errors):
                    continue  # It creates the user.
                expected = {code} & errors or {"InvalidParameterException"}
                found = await self.refused(operation, **{**members, member: value})
                assert found in expected, (operation, member, found)
