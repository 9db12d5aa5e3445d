"""Requests over HTTP, whose raw bytes are judged by botocore's own models and validator."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from helpers.service_models import newest_model

from .identities import check_answer


def _installed_model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("cognito-idp", "service-2"), "cognito-idp")


class Judge:
    """Asks, and holds the bytes that come back against botocore's model."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        # The installed botocore may not know all operations and members: the copy of the newest model does.
        self.model = newest_model()
        self.installed = _installed_model()
        self.url, self.http = url, http
        self.asked: set[str] = set()

    async def send(self, operation: str, members: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
        async with self.http.post(self.url, headers=target, data=json.dumps(members)) as response:
            body = json.loads(await response.read())
            assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
            assert response.headers["x-amzn-RequestId"]
        return response.status, body

    async def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Ask for what must be done."""
        report = ParamValidator().validate(members, self.model.operation_model(operation).input_shape)
        assert not report.has_errors(), (operation, report.generate_report())
        status, body = await self.send(operation, members)
        assert status == 200, (operation, body)
        check_answer(self.model, operation, body)
        if operation in self.installed.operation_names:
            self.check_with_installed(operation, body)
        self.asked.add(operation)
        return body

    async def refused(self, operation: str, /, **members: Any) -> str:
        """Ask for what must be refused; return the code, which the model must declare."""
        return (await self.refusal(operation, **members))[0]

    async def refusal(self, operation: str, /, **members: Any) -> tuple[str, str]:
        """Ask for what must be refused; return the code, which the model must declare, and the message."""
        status, body = await self.send(operation, members)
        assert status == 400, (operation, body)
        assert body.keys() == {"__type", "message"}
        code: str = body["__type"]
        assert code in {shape.name for shape in self.model.operation_model(operation).error_shapes}
        return code, body["message"]

    def check_with_installed(self, operation: str, body: dict[str, Any]) -> None:
        """Hold an answer against the installed model, less the members that only the newest one knows."""
        shape = self.installed.operation_model(operation).output_shape
        report = "" if shape is None else ParamValidator().validate(body, shape).generate_report()
        errors = [text for text in report.splitlines() if "Unknown parameter" not in text]
        assert not errors, (operation, errors)
