"""``aiocognito emulator`` in a process of its own, as people run it, driven by boto3."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import boto3
import pytest
from attrs import define, field

from aiocognito.emulator.outbox import Purpose
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE

ANA = {"email": EMAIL, "phone_number": PHONE}
FACTORS = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}


@define
class Program:
    """A running ``aiocognito emulator``."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(factory=queue.Queue)
    printed: list[str] = field(factory=list)

    def line(self, beginning: str) -> str:
        """Wait for a line with a beginning, and return what follows it."""
        while True:
            line = self.lines.get(timeout=120)
            self.printed.append(line)
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextlib.contextmanager
def started(*arguments: str, **environment: str) -> Iterator[Program]:
    """Run the command line until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aiocognito", "emulator", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )
    program = Program(process)
    reader = threading.Thread(target=program.read, daemon=True)
    reader.start()
    try:
        yield program
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


@define
class ExampleUser:
    """A user, an app client and the emulator's messages, over HTTP."""

    url: str
    idp: Any
    pool_id: str
    client_id: str

    def messages(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/_emulator/messages") as response:
            found: list[dict[str, Any]] = json.load(response)
        return found

    def code(self) -> str:
        code: str = self.messages()[-1]["code"]
        return code

    def sign_in(self, **parameters: str) -> dict[str, Any]:
        flow = "USER_AUTH" if "PREFERRED_CHALLENGE" in parameters else "USER_PASSWORD_AUTH"
        answer: dict[str, Any] = self.idp.initiate_auth(
            ClientId=self.client_id, AuthFlow=flow, AuthParameters={"USERNAME": "ana", **parameters}
        )
        return answer

    def tokens(self, challenge: dict[str, Any]) -> dict[str, Any]:
        """Send the code that came with a challenge."""
        name = challenge["ChallengeName"]
        answer = self.idp.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=name,
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ana", f"{name}_CODE": self.code()},
        )
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    @property
    def administered(self) -> dict[str, str]:
        return {"UserPoolId": self.pool_id, "Username": "ana"}

    def prefer(self, **settings: bool) -> None:
        given = {f"{name}MfaSettings": {"Enabled": on, "PreferredMfa": on} for name, on in settings.items()}
        self.idp.admin_set_user_mfa_preference(**self.administered, **given)


def idp_at(url: str) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with started("--data", str(tmp_path_factory.mktemp("data") / "emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def url(program: Program) -> str:
    return program.line("Cognito emulator")


@pytest.fixture(scope="module")
def idp(url: str) -> Iterator[Any]:
    with contextlib.closing(idp_at(url)) as client:
        yield client


@pytest.fixture
def ana(url: str, idp: Any) -> ExampleUser:
    """A pool with every way to send a code, and an address of each kind that is verified."""
    pool_id = idp.create_user_pool(
        PoolName="people",
        AutoVerifiedAttributes=["email"],
        MfaConfiguration="OFF",
        SmsConfiguration=SMS,
        UserPoolTier="ESSENTIALS",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": FACTORS}},
    )["UserPool"]["Id"]
    client = idp.create_user_pool_client(UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=FLOWS)
    user = ExampleUser(url, idp, pool_id, client["UserPoolClient"]["ClientId"])
    verified = {**ANA, "email_verified": "true", "phone_number_verified": "true"}
    idp.admin_create_user(**user.administered, UserAttributes=pairs(verified), MessageAction="SUPPRESS")
    idp.admin_set_user_password(**user.administered, Password=PASSWORD, Permanent=True)
    return user


def sign_up(ana: ExampleUser) -> None:
    members = {"ClientId": ana.client_id, "Username": "bob"}
    ana.idp.sign_up(**members, Password=PASSWORD, UserAttributes=pairs({"email": EMAIL}))
    ana.idp.resend_confirmation_code(**members)
    ana.idp.confirm_sign_up(**members, ConfirmationCode=ana.code())


def forgot_password(ana: ExampleUser) -> None:
    members = {"ClientId": ana.client_id, "Username": "ana"}
    ana.idp.forgot_password(**members)
    ana.idp.confirm_forgot_password(**members, ConfirmationCode=ana.code(), Password=NEW_PASSWORD)


def reset_by_an_administrator(ana: ExampleUser) -> None:
    ana.idp.admin_reset_user_password(**ana.administered)
    members = {"ClientId": ana.client_id, "Username": "ana"}
    ana.idp.confirm_forgot_password(**members, ConfirmationCode=ana.code(), Password=NEW_PASSWORD)


def verify_an_attribute(ana: ExampleUser) -> None:
    access = ana.sign_in(PASSWORD=PASSWORD)["AuthenticationResult"]["AccessToken"]
    named = {"AccessToken": access, "AttributeName": "phone_number"}
    ana.idp.get_user_attribute_verification_code(**named)
    ana.idp.verify_user_attribute(**named, Code=ana.code())


def change_an_attribute(ana: ExampleUser) -> None:
    access = ana.sign_in(PASSWORD=PASSWORD)["AuthenticationResult"]["AccessToken"]
    ana.idp.update_user_attributes(AccessToken=access, UserAttributes=pairs({"email": f"new.{EMAIL}"}))
    ana.idp.verify_user_attribute(AccessToken=access, AttributeName="email", Code=ana.code())


def invitation(medium: str) -> Callable[[ExampleUser], None]:
    def invite(ana: ExampleUser) -> None:
        ana.idp.admin_create_user(
            UserPoolId=ana.pool_id,
            Username="carla",
            TemporaryPassword=NEW_PASSWORD,
            UserAttributes=pairs(ANA),
            DesiredDeliveryMediums=[medium],
        )
        challenge = ana.idp.initiate_auth(
            ClientId=ana.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "carla", "PASSWORD": ana.code()},
        )
        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    return invite


def invited_again(ana: ExampleUser) -> None:
    named = {"UserPoolId": ana.pool_id, "Username": "carla"}
    temporary = {"TemporaryPassword": NEW_PASSWORD, "UserAttributes": pairs(ANA)}
    ana.idp.admin_create_user(**named, **temporary, MessageAction="SUPPRESS")
    ana.idp.admin_create_user(**named, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])


def first_factor(challenge: str) -> Callable[[ExampleUser], None]:
    def sign_in(ana: ExampleUser) -> None:
        assert ana.tokens(ana.sign_in(PREFERRED_CHALLENGE=challenge))["AccessToken"]

    return sign_in


def second_factor(kind: str) -> Callable[[ExampleUser], None]:
    def sign_in(ana: ExampleUser) -> None:
        ana.idp.update_user_pool(
            UserPoolId=ana.pool_id,
            AutoVerifiedAttributes=["email"],
            SmsConfiguration=SMS,
            UserPoolTier="ESSENTIALS",
            AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
            EmailConfiguration={
                "EmailSendingAccount": "DEVELOPER",
                "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com",
            },
        )
        ana.idp.set_user_pool_mfa_config(
            UserPoolId=ana.pool_id,
            MfaConfiguration="OPTIONAL",
            SmsMfaConfiguration={"SmsConfiguration": SMS},
            EmailMfaConfiguration={"Message": "Your code is {####}", "Subject": "Code"},
        )
        ana.prefer(**{kind: True})
        assert ana.tokens(ana.sign_in(PASSWORD=PASSWORD))["AccessToken"]

    return sign_in


WAYS: Sequence[tuple[str, Callable[[ExampleUser], None], list[str]]] = (
    ("sign-up and resend", sign_up, ["sign_up", "sign_up"]),
    ("forgot password", forgot_password, ["reset_password"]),
    ("reset by an administrator", reset_by_an_administrator, ["reset_password"]),
    ("attribute verification", verify_an_attribute, ["verify_attribute"]),
    ("changed attribute", change_an_attribute, ["verify_attribute"]),
    ("invitation by e-mail", invitation("EMAIL"), ["invitation"]),
    ("invitation by SMS", invitation("SMS"), ["invitation"]),
    ("invitation again", invited_again, ["invitation"]),
    ("EMAIL_OTP first", first_factor("EMAIL_OTP"), ["sign_in"]),
    ("SMS_OTP first", first_factor("SMS_OTP"), ["sign_in"]),
    ("e-mail second", second_factor("Email"), ["mfa"]),
    ("SMS second", second_factor("SMS"), ["mfa"]),
)


def test_the_ways_cover_every_purpose() -> None:
    assert {purpose for _, _, purposes in WAYS for purpose in purposes} == set(get_args(Purpose))


@pytest.mark.parametrize(("way", "purposes"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_every_message_is_sent_and_printed(
    program: Program, ana: ExampleUser, way: Callable[[ExampleUser], None], purposes: list[str]
) -> None:
    before = len(ana.messages())
    way(ana)
    sent = ana.messages()[before:]
    assert [message["purpose"] for message in sent] == purposes
    for message in sent:
        printed = program.line(f"{message['medium']} to {message['to']}: ")
        assert printed.startswith(message["code"])
    assert program.process.poll() is None


def test_a_second_emulator_on_the_directory_gets_an_error(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    with started(*data) as first:
        url = first.line("Cognito emulator")
        with started(*data) as second:
            text = second.line("another emulator")
            assert second.process.wait(60) == 1
        assert f"(process {first.process.pid}) uses the directory {tmp_path / 'data'}: stop that one" in text
        assert "--data" in text
        with urllib.request.urlopen(f"{url}/_emulator/messages") as response:
            assert response.status == 200
        assert first.stop() == 0
    with started(*data) as again:
        assert again.line("Cognito emulator")


def test_a_killed_emulator_leaves_its_directory_free(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    with started(*data) as first:
        pool = [first.line("Cognito emulator"), first.line("user pool")][1]
        first.process.kill()
        first.process.wait(60)
        with started(*data) as second:
            assert second.line("user pool") == pool


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with started("--data", str(tmp_path / "file" / "below")) as program:
        text = program.line("the directory for data= (--data) cannot be used:")
        assert text.endswith(": Not a directory")
        assert str(tmp_path / "file") in text
        assert program.process.wait(60) == 2


def test_a_terminal_without_utf_8_shows_every_code() -> None:
    with started(PYTHONIOENCODING="ascii", PYTHONUTF8="0") as program:
        url, client_id = program.line("Cognito emulator"), program.line("app client")
        with contextlib.closing(idp_at(url)) as idp:
            idp.sign_up(ClientId=client_id, Username="zoë@example.com", Password=PASSWORD)
        assert program.line("EMAIL to zo\\xeb@example.com: ")[:6].isdigit()


def test_an_output_that_is_closed_fails_no_operation() -> None:
    """As in `aiocognito emulator | head`: a code cannot be printed."""
    command = [sys.executable, "-m", "aiocognito", "emulator", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        try:
            shown: list[str] = []
            # To the empty line behind the last thing that it prints by itself.
            while not (shown and shown[-1].startswith("export COGNITO_OAUTH_DOMAIN")):
                shown.append(process.stdout.readline())
            assert process.stdout.readline() == "\n"
            url, client_id = shown[0].split()[-1], shown[3].split()[-1]
            process.stdout.close()
            with contextlib.closing(idp_at(url)) as idp:
                idp.sign_up(ClientId=client_id, Username=EMAIL, Password=PASSWORD)
                user = ExampleUser(url, idp, "", client_id)
                idp.confirm_sign_up(ClientId=client_id, Username=EMAIL, ConfirmationCode=user.code())
            assert process.poll() is None
        finally:
            process.kill()
