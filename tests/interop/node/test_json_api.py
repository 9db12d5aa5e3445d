"""Amplify's own types, checked by TypeScript: what the JSON routes take, and what they return."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest
from pyotp.totp import TOTP

import aiocognito
from aiocognito import steps
from aiocognito._web.json_body import parse_body
from helpers.json_site import ANA, PASSWORD, ROUTES, JsonSite, json_site

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
COMPILER = HERE / "node_modules/typescript/bin/tsc"
OPTIONS = ["--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom", "--moduleResolution"]
# What has no JSON form is read by a function of `json-api.ts`.
READERS = {
    "SetUpTOTPOutput": "totpSetup",
    "FetchDevicesOutput": "devices",
    "ListWebAuthnCredentialsOutput": "credentials",
}
# The steps of this library that Amplify has not, because its authenticator is in the browser.
OURS = ("CONFIRM_SIGN_IN_WITH_WEB_AUTHN", "UNSUPPORTED_CHALLENGE")


def compile_typescript(*files: Path, out: Path) -> str:
    """Compile files, and return what the compiler says."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is missing: Node 20 or later runs the compiler")
    paths = [str(each) for each in (*files, "--outDir", out)]
    command = [node, str(COMPILER), *OPTIONS, "bundler", "--module", "esnext", *paths]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout + done.stderr


def typed(answers: list[tuple[str, Any]]) -> str:
    """Return a module in which each answer must have its type."""
    types = {name for name, _ in answers} | {"AuthUser"}
    lines = [
        f"import type {{ {', '.join(sorted(types))} }} from 'aws-amplify/auth';",
        "import { credentials, devices, totpSetup } from './json-api';",
    ]
    for index, (name, value) in enumerate(answers):
        text = json.dumps(value, ensure_ascii=True)
        step = value.get("nextStep", value) if isinstance(value, dict) else {}
        if "totpSetupDetails" in step:
            details = json.dumps(step.pop("totpSetupDetails"))
            rest = json.dumps(step)[1:-1]
            head = json.dumps({**value, "nextStep": None})[:-6]
            text = f"{head} {{ {rest}, totpSetupDetails: totpSetup({details}) }} }}"
        reader = READERS.get(name)
        lines.append(f"export const answer{index}: {name} = {f'{reader}({text})' if reader else text};")
    return "\n".join(lines) + "\n"


def check(answers: list[tuple[str, Any]], tmp_path: Path) -> str:
    """Return what the compiler says about answers."""
    module = HERE / f"answers-{uuid4().hex}.ts"
    module.write_text(typed(answers))
    try:
        return compile_typescript(HERE / "json-api.ts", module, out=tmp_path)
    finally:
        module.unlink()


@pytest.fixture
async def site() -> AsyncIterator[JsonSite]:
    tracking = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
    async with json_site(DeviceConfiguration=tracking) as site:
        yield site


async def answers_of_a_day(site: JsonSite) -> list[tuple[str, Any]]:
    """Sign up and in, use every route once, and return the answers with Amplify's type of each."""
    answers: list[tuple[str, Any]] = []

    async def post(kind: str, path: str, body: Any = None) -> Any:
        answers.append((kind, await site.post(path, body)))
        return answers[-1][1]

    async def get(kind: str, path: str) -> Any:
        answers.append((kind, await site.get(path)))
        return answers[-1][1]

    options = {"userAttributes": {"email": ANA, "name": "Ana"}, "autoSignIn": True}
    await post("SignUpOutput", "/sign-up", {"username": ANA, "password": PASSWORD, "options": options})
    await site.code()
    await post("ResendSignUpCodeOutput", "/resend-sign-up-code", {"username": ANA})
    body = {"username": ANA, "confirmationCode": await site.code()}
    await post("ConfirmSignUpOutput", "/confirm-sign-up", body)
    await post("SignInOutput", "/auto-sign-in", {"password": PASSWORD})
    session = await site.get("/session")
    answers.append(("AuthUser", session["user"]))
    await get("FetchUserAttributesOutput", "/user-attributes")
    await get("FetchMFAPreferenceOutput", "/mfa-preference")
    await get("FetchDevicesOutput", "/devices")
    await get("ListWebAuthnCredentialsOutput", "/web-authn-credentials")
    changes = {"userAttributes": {"email": "ana@new.example", "name": "Anna"}}
    # Amplify's type of the whole names every attribute, which Amplify does not return either.
    changed = await site.post("/update-user-attributes", changes)
    answers.extend(("UpdateUserAttributeOutput", each) for each in changed.values())
    await site.code("ana@new.example")
    key = {"userAttributeKey": "email"}
    await post("SendUserAttributeVerificationCodeOutput", "/send-user-attribute-verification-code", key)
    proof = {**key, "confirmationCode": await site.code("ana@new.example")}
    assert await site.post("/confirm-user-attribute", proof) is None
    details = await post("SetUpTOTPOutput", "/set-up-totp")
    code = TOTP(details["sharedSecret"]).at(site.emulator.clock())
    assert await site.post("/verify-totp-setup", {"code": code}) is None
    assert await site.post("/update-mfa-preference", {"totp": "PREFERRED"}) is None
    await get("FetchMFAPreferenceOutput", "/mfa-preference")
    await site.post("/sign-out")
    site.emulator.clock.advance(60)
    await post("SignInOutput", "/sign-in", {"username": ANA, "password": PASSWORD})
    answers.append(("SignInOutput", {"isSignedIn": False, "nextStep": await site.get("/sign-in-step")}))
    answer = {"challengeResponse": TOTP(details["sharedSecret"]).at(site.emulator.clock())}
    await post("ConfirmSignInOutput", "/confirm-sign-in", answer)
    await post("ResetPasswordOutput", "/reset-password", {"username": ANA})
    return answers


async def test_amplifys_types_read_the_answers_of_a_day(site: JsonSite, tmp_path: Path) -> None:
    answers = await answers_of_a_day(site)
    assert len(answers) == 18
    assert check(answers, tmp_path) == ""


def every_sign_in() -> list[tuple[str, Any]]:
    where = aiocognito.CodeDeliveryDetails("a***@e***", "EMAIL", "email")
    found: list[steps.SignInStep] = [
        steps.Done(),
        steps.ConfirmSignInWithCustomChallenge({"question": "2+2"}),
        steps.ContinueSignInWithMfaSetupSelection(["TOTP", "EMAIL"]),
        steps.ContinueSignInWithEmailSetup(),
        steps.ContinueSignInWithTotpSetup(aiocognito.TotpSetupDetails("ABC")),
        steps.ConfirmSignInWithNewPasswordRequired(["name", "custom:team"]),
        steps.ContinueSignInWithMfaSelection(["SMS", "TOTP", "EMAIL"]),
        steps.ConfirmSignInWithSmsCode(where),
        steps.ConfirmSignInWithEmailCode(),
        steps.ConfirmSignInWithTotpCode(),
        steps.ConfirmSignInWithPassword(),
        steps.ContinueSignInWithFirstFactorSelection(["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"]),
        steps.ResetPassword(),
        steps.ConfirmSignUp(),
    ]
    known = {each.step for each in found}
    assert known | set(OURS) == {each.step for each in get_args(steps.SignInStep)}
    return [
        ("SignInOutput", aiocognito.SignInResult(isinstance(each, steps.Done), each).to_dict())
        for each in found
    ]


def test_amplifys_types_read_every_step(tmp_path: Path) -> None:
    when = datetime(2026, 11, 27, tzinfo=UTC)
    where = aiocognito.CodeDeliveryDetails("a***@e***", "EMAIL", "email")
    more: list[tuple[str, Any]] = [
        ("SignUpOutput", aiocognito.SignUpResult(True, "1", steps.Done())),
        ("SignUpOutput", aiocognito.SignUpResult(True, "1", steps.CompleteAutoSignIn())),
        ("SignUpOutput", aiocognito.SignUpResult(False, "1", steps.ConfirmSignUp(where))),
        ("AuthUser", aiocognito.AuthUser("ana", "1", aiocognito.SignInDetails("ana", "USER_AUTH"))),
    ]
    device = aiocognito.Device("d", "phone", {"device_status": "valid"}, when, when, when).to_dict()
    passkey = aiocognito.WebAuthnCredential("c", "key", "shop.example", "platform", ["internal"], when)
    answers = [*every_sign_in(), *((name, value.to_dict()) for name, value in more)]
    answers += [
        ("FetchDevicesOutput", [device, {"id": "d", "attributes": {}}]),
        ("ListWebAuthnCredentialsOutput", {"credentials": [passkey.to_dict()]}),
        ("ListWebAuthnCredentialsOutput", {"credentials": []}),
    ]
    assert check(answers, tmp_path) == ""


@pytest.mark.parametrize(
    "answer",
    [
        ("SignInOutput", {"isSignedIn": True}),
        ("SignInOutput", {"isSignedIn": False, "nextStep": {"signInStep": "CONFIRM_SIGN_IN_WITH_WEB_AUTHN"}}),
        ("SignUpOutput", {"isSignUpComplete": True, "nextStep": {"sign_up_step": "DONE"}}),
        ("AuthUser", {"username": "ana", "user_id": "1"}),
        ("FetchMFAPreferenceOutput", {"enabled": ["SOFTWARE_TOKEN_MFA"]}),
    ],
)
def test_the_compiler_refuses_other_forms(answer: tuple[str, Any], tmp_path: Path) -> None:
    assert "error TS" in check([answer], tmp_path)


def test_the_routes_take_amplifys_inputs(tmp_path: Path) -> None:
    assert compile_typescript(HERE / "json-inputs.ts", out=tmp_path) == ""
    script = tmp_path / "json-inputs.js"
    node = shutil.which("node")
    assert node is not None
    output = subprocess.run([node, script], capture_output=True, check=True, timeout=300).stdout
    inputs = json.loads(output)
    without_input = {"/auto-sign-in", "/set-up-totp", "/start-web-authn-registration"}
    ours = {"/complete-web-authn-registration"}
    posted = {path for path, route in ROUTES.items() if route.body is not None}
    assert set(inputs) | without_input | ours == posted
    for path, bodies in inputs.items():
        form = ROUTES[path].body
        assert form is not None
        for body in bodies:
            assert parse_body(json.dumps(body).encode(), "application/json", form) == body
