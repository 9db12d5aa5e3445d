"""The AWS command line as an administrator: a full pool set up, changed and torn down."""

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.full_pool import check_full_pool, check_measured_settings
from helpers.remote_emulator import RemoteEmulator

from ..conftest import ROOT, installed
from .conftest import CliService, CommandLines, environment

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("awscli")]

SETTINGS: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email"],
    "LambdaConfig": {"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:f"},
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True},
    "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
    "UserPoolTier": "PLUS",
    "UserPoolTags": {"team": "a"},
    "VerificationMessageTemplate": {"EmailMessage": "Code {####}", "EmailSubject": "Code"},
}


async def test_a_full_pool(cli: dict[str, CliService]) -> None:
    """The command line sets up, changes and removes everything that the control plane has."""
    await check_full_pool(cli)


async def test_measured_settings(cli: dict[str, CliService]) -> None:
    """Each member that the command line changes leaves the others as measured."""
    await check_measured_settings(cli)


async def test_output_and_pages(aws: CommandLines) -> None:
    """The command line reads all pages by itself, or some of them, and prints what a query selects."""
    name = ("--pool-name", "pages", "--query", "UserPool.Id", "--output", "text")
    pool_id = (await aws.ok("cognito-idp", "create-user-pool", *name)).strip()
    pool = ("--user-pool-id", pool_id)
    names = [f"user{number}" for number in range(5)]
    for username in names:
        create = ("admin-create-user", *pool, "--username", username, "--message-action", "SUPPRESS")
        await aws.ok("cognito-idp", *create, "--user-attributes", f"Name=email,Value={username}@example.com")
    users = ("cognito-idp", "list-users", *pool, "--page-size", "2")
    listed = json.loads(await aws.ok(*users, "--output", "json"))
    assert [user["Username"] for user in listed["Users"]] == names
    assert "PaginationToken" not in listed
    # As text, each page is printed as it arrives.
    printed = await aws.ok(*users, "--query", "Users[].Username", "--output", "text")
    assert [line.split("\t") for line in printed.splitlines()] == [names[:2], names[2:4], names[4:]]
    first = json.loads(await aws.ok(*users, "--max-items", "3", "--output", "json"))
    assert [user["Username"] for user in first["Users"]] == names[:3]
    rest = await aws.ok(*users, "--starting-token", first["NextToken"], "--output", "json")
    assert [user["Username"] for user in json.loads(rest)["Users"]] == names[3:]
    # A token of another query is refused.
    one_page = ("cognito-idp", "list-users", *pool, "--no-paginate", "--limit", "2", "--output", "json")
    page = json.loads(await aws.ok(*one_page))
    token = ("--pagination-token", page["PaginationToken"], "--no-paginate")
    done = await aws("cognito-idp", "list-users", *pool, *token, "--filter", 'username ^= "user"')
    assert "(InvalidParameterException) when calling the ListUsers operation" in done.err
    text = await aws.ok("cognito-idp", "describe-user-pool", *pool, "--output", "text")
    assert "PASSWORDPOLICY\t8\tTrue" in text
    await aws.ok("cognito-idp", "delete-user-pool", *pool)


async def test_a_description_is_sent_back(aws: CommandLines, cli: dict[str, CliService]) -> None:
    """A script reads a user pool, changes one member and sends everything back: nothing else changes."""
    api = cli["cognito-idp"]
    pool = {"UserPoolId": (await api("CreateUserPool", PoolName="p", **SETTINGS))["UserPool"]["Id"]}
    before = (await api("DescribeUserPool", **pool))["UserPool"]
    names = json.loads(await aws.ok("cognito-idp", "update-user-pool", "--generate-cli-skeleton"))
    members = {name: value for name, value in copy.deepcopy(before).items() if name in names}
    # The service refuses this one beside the password policy.
    del members["AdminCreateUserConfig"]["UnusedAccountValidityDays"]
    members["EmailConfiguration"]["ReplyToEmailAddress"] = "b@example.com"
    sent = json.dumps({**members, **pool})
    await aws.ok("cognito-idp", "update-user-pool", "--cli-input-json", sent)
    after = (await api("DescribeUserPool", **pool))["UserPool"]
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"EmailConfiguration", "LastModifiedDate"}
    await api("DeleteUserPool", **pool)


async def test_the_program_itself(command_line: RemoteEmulator, tmp_path: Path) -> None:
    """`aws` finds the emulator by the environment variable that the emulator prints."""
    variables = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": command_line.url}
    process = await asyncio.create_subprocess_exec(
        installed(ROOT / ".cache/venv-awscli/bin/aws"),
        *("cognito-idp", "describe-user-pool-domain", "--domain", "missing", "--output", "json"),
        env={**environment(tmp_path), **variables},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, _err = await process.communicate()
    assert (process.returncode, json.loads(out)) == (0, {"DomainDescription": {}})
