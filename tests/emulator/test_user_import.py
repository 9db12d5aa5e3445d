"""Imports of users: the job, the file that is uploaded to its URL, and the users."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from aiocognito.emulator import CognitoEmulator, import_upload
from aiocognito.emulator.import_upload import receive
from aiocognito.emulator.operations import TABLE, user_import
from helpers.api import EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Api

from .judge import Judge

ROLE = "arn:aws:iam::123456789012:role/import"
ANA = {"cognito:username": "ana", "email": EMAIL, "email_verified": "TRUE", "cognito:mfa_enabled": "FALSE"}


@pytest.fixture
async def verifying(empty_api: Api) -> Api:
    await empty_api.make_pool(
        AutoVerifiedAttributes=["email"],
        Schema=[{"Name": "plan", "AttributeDataType": "String", "Mutable": True}],
    )
    return empty_api


async def create(api: Api, **members: Any) -> dict[str, Any]:
    named = {"UserPoolId": api.pool_id, "JobName": "people", "CloudWatchLogsRoleArn": ROLE}
    job: dict[str, Any] = (await api("CreateUserImportJob", **named, **members))["UserImportJob"]
    return job


def named(job: dict[str, Any]) -> dict[str, str]:
    return {"UserPoolId": job["UserPoolId"], "JobId": job["JobId"]}


async def rows(api: Api, *people: dict[str, str]) -> bytes:
    """Write a CSV file with the pool's columns."""
    header = (await api("GetCSVHeader", UserPoolId=api.pool_id))["CSVHeader"]
    file = io.StringIO()
    writer = csv.DictWriter(file, header)
    writer.writeheader()
    writer.writerows(people)
    return file.getvalue().encode()


async def chunked(file: bytes) -> AsyncIterator[bytes]:
    yield file[:100]
    yield file[100:]


async def upload(api: Api, job: dict[str, Any], file: bytes) -> int:
    signature = job["PreSignedUrl"].rpartition("=")[2]
    reply = await receive(api.state, job["UserPoolId"], job["JobId"], signature, chunked(file))
    return reply.status


async def run(api: Api, file: bytes, **members: Any) -> dict[str, Any]:
    """Import a file, and return the job."""
    job = await create(api, **members)
    assert await upload(api, job, file) == 200
    started = (await api("StartUserImportJob", **named(job)))["UserImportJob"]
    assert started["Status"] == "Pending"
    found = await describe(api, job)
    assert found["Status"] == "InProgress"
    return await describe(api, job)


async def describe(api: Api, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await api("DescribeUserImportJob", **named(job)))["UserImportJob"]
    return found


async def started(api: Api) -> dict[str, Any]:
    """Start a job that imports ana."""
    job = await create(api)
    assert await upload(api, job, await rows(api, ANA)) == 200
    await api("StartUserImportJob", **named(job))
    return job


def counts(job: dict[str, Any]) -> tuple[str, int, int, int]:
    return job["Status"], job["ImportedUsers"], job["SkippedUsers"], job["FailedUsers"]


async def test_the_header_has_the_columns_of_the_pool(verifying: Api) -> None:
    header = (await verifying("GetCSVHeader", UserPoolId=verifying.pool_id))["CSVHeader"]
    assert ",".join(header) == (
        "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,"
        "email_verified,gender,birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,"
        "updated_at,custom:plan,cognito:mfa_enabled,cognito:username"
    )


async def test_imported_users_reset_their_password(verifying: Api) -> None:
    bob = {**ANA, "cognito:username": "bob", "email": "bob@example.com", "custom:plan": "a, b"}
    bob |= {"cognito:mfa_enabled": "true", "phone_number": PHONE}
    job = await run(verifying, await rows(verifying, ANA, bob))
    assert counts(job) == ("Succeeded", 2, 0, 0)
    assert job["StartDate"] == job["CompletionDate"]
    found = await verifying.admin("AdminGetUser", "bob")
    assert (found["UserStatus"], found["UserMFASettingList"]) == ("RESET_REQUIRED", ["SMS_MFA"])
    attributes = {each["Name"]: each["Value"] for each in found["UserAttributes"]}
    assert (attributes["email_verified"], attributes["custom:plan"]) == ("true", "a, b")
    refused = await verifying.refused(
        "InitiateAuth",
        ClientId=verifying.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": PASSWORD},
    )
    assert refused[0] == "PasswordResetRequiredException"
    ana = {"ClientId": verifying.client_id, "Username": "ana"}
    await verifying("ForgotPassword", **ana)
    await verifying("ConfirmForgotPassword", **ana, ConfirmationCode=verifying.code(), Password=NEW_PASSWORD)
    assert await verifying.tokens("ana", NEW_PASSWORD)


async def test_usernames_that_are_addresses(empty_api: Api) -> None:
    await empty_api.make_pool(AutoVerifiedAttributes=["email"], UsernameAttributes=["email"])
    job = await run(
        empty_api, await rows(empty_api, {**ANA, "cognito:username": EMAIL}, {**ANA, "email": "x"})
    )
    assert counts(job) == ("Succeeded", 1, 0, 1)
    assert (await empty_api.admin("AdminGetUser", EMAIL))["Username"] != EMAIL


@pytest.mark.parametrize(
    "change",
    [
        {"cognito:username": ""},
        {"email": ""},
        {"email": "no address"},
        {"email_verified": "false"},
        {"email_verified": "perhaps"},
        {"cognito:mfa_enabled": "perhaps"},
        {"cognito:mfa_enabled": "true"},
        {"birthdate": "today"},
    ],
)
async def test_rows_that_fail(verifying: Api, change: dict[str, str]) -> None:
    """A row that is wrong creates no user."""
    job = await run(verifying, await rows(verifying, {**ANA, **change}))
    assert counts(job) == ("Failed", 0, 0, 1)
    assert job["CompletionMessage"] == "Too many users have failed or been skipped during the import."
    assert len(verifying.pool.users) == 0


async def test_required_attributes_and_taken_aliases(empty_api: Api) -> None:
    await empty_api.make_pool(
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        Schema=[{"Name": "name", "Required": True, "Mutable": True, "AttributeDataType": "String"}],
    )
    second = {**ANA, "cognito:username": "eve", "name": "Eve"}
    job = await run(
        empty_api, await rows(empty_api, ANA, {**ANA, "name": "Ana"}, second, {**ANA, "name": "Ana"})
    )
    assert counts(job) == ("Succeeded", 1, 1, 2)


@pytest.mark.parametrize(
    "file", [b"", b"name,email\nAna,ana@example.com\n", b"\xff\xfe\x00", b'"name\n', b"name\x00,\n"]
)
async def test_files_that_are_not_the_pools(verifying: Api, file: bytes) -> None:
    job = await run(verifying, file)
    assert counts(job) == ("Failed", 0, 0, 0)
    assert job["CompletionMessage"]


async def test_columns_in_another_order_and_short_rows(verifying: Api) -> None:
    header = (await verifying("GetCSVHeader", UserPoolId=verifying.pool_id))["CSVHeader"]
    first = ["cognito:username", "email", "email_verified"]
    columns = [*first, *(name for name in header if name not in first)]
    file = f"{','.join(columns)}\r\nana,{EMAIL},true\r\n\r\n".encode()
    assert counts(await run(verifying, file)) == ("Succeeded", 1, 0, 0)


async def test_a_job_starts_once_and_needs_a_file(verifying: Api) -> None:
    job = await create(verifying, PasswordHashingAlgorithm="BCRYPT")
    assert job["PasswordHashingAlgorithm"] == "BCRYPT"
    assert (await verifying.refused("StartUserImportJob", **named(job)))[0] == "PreconditionNotMetException"
    await upload(verifying, job, await rows(verifying, ANA))
    await verifying("StartUserImportJob", **named(job))
    refused = await verifying.refused("StartUserImportJob", **named(job))
    assert refused == ("PreconditionNotMetException", "The job's status is Pending.")
    verifying.advance(1)
    for operation in ("StartUserImportJob", "StopUserImportJob"):
        assert (await verifying.refused(operation, **named(job)))[0] == "PreconditionNotMetException"
    assert await upload(verifying, job, b"") == 403
    other = {**named(job), "JobId": "import-unknown"}
    assert (await verifying.refused("DescribeUserImportJob", **other))[0] == "ResourceNotFoundException"


async def test_a_job_is_stopped_or_expires(verifying: Api) -> None:
    stopped, late = await create(verifying), await create(verifying)
    found = (await verifying("StopUserImportJob", **named(stopped)))["UserImportJob"]
    assert found["Status"] == "Stopped"
    assert await upload(verifying, late, await rows(verifying, ANA)) == 200
    verifying.advance(900)
    assert await upload(verifying, late, b"") == 403
    verifying.advance(86_400 - 900)
    found = (await verifying("DescribeUserImportJob", **named(late)))["UserImportJob"]
    assert found["Status"] == "Expired"
    assert (await verifying.refused("StartUserImportJob", **named(late)))[0] == "PreconditionNotMetException"


async def test_a_job_runs_for_a_second_unless_it_is_described(verifying: Api) -> None:
    """A program that waits finds the users, and one that asks sees each status once."""
    ana = {"UserPoolId": verifying.pool_id, "Username": "ana"}
    job = await started(verifying)
    assert (await verifying.refused("AdminGetUser", **ana))[0] == "UserNotFoundException"
    verifying.advance(0.9)
    assert (await verifying.refused("AdminGetUser", **ana))[0] == "UserNotFoundException"
    verifying.advance(0.1)
    assert (await verifying("AdminGetUser", **ana))["UserStatus"] == "RESET_REQUIRED"
    found = await describe(verifying, job)
    assert counts(found) == ("Succeeded", 1, 0, 0)
    assert "CompletionMessage" not in found
    second = await started(verifying)
    assert (await describe(verifying, second))["Status"] == "InProgress"
    page = await verifying("ListUserImportJobs", UserPoolId=verifying.pool_id, MaxResults=1)
    # The only user of the file was there already.
    assert counts(page["UserImportJobs"][0]) == ("Failed", 0, 1, 0)


@pytest.mark.parametrize("descriptions", [0, 1])
async def test_a_job_that_runs_is_stopped(verifying: Api, descriptions: int) -> None:
    job = await started(verifying)
    for _ in range(descriptions):
        await describe(verifying, job)
    stopped = (await verifying("StopUserImportJob", **named(job)))["UserImportJob"]
    assert counts(stopped) == ("Stopped", 0, 0, 0)
    assert stopped["CompletionMessage"] == "The Import Job was stopped by the developer."
    assert stopped["StartDate"] == stopped["CompletionDate"]
    verifying.advance(60)
    assert await describe(verifying, job) == stopped
    assert len(verifying.pool.users) == 0
    for operation in ("StartUserImportJob", "StopUserImportJob"):
        refused = await verifying.refused(operation, **named(job))
        assert refused == ("PreconditionNotMetException", "The job's status is Stopped.")


async def test_a_long_job_is_stopped_between_two_users(verifying: Api) -> None:
    """Requests are answered while a long file is imported, and each user is imported once."""
    people = [{**ANA, "cognito:username": f"u{n}", "email": f"u{n}@example.com"} for n in range(450)]
    whole, cut = await create(verifying), await create(verifying)
    for job in (whole, cut):
        await upload(verifying, job, await rows(verifying, *people))
    for job in (whole, cut):
        await verifying("StartUserImportJob", **named(job))
        await describe(verifying, job)
        first, second = (
            asyncio.create_task(verifying("DescribeUserImportJob", **named(job))) for _ in range(2)
        )
        await asyncio.sleep(0)
        if job is cut:
            await verifying("StopUserImportJob", **named(job))
        await asyncio.gather(first, second)
    assert counts(await describe(verifying, whole)) == ("Succeeded", 450, 0, 0)
    status, imported, skipped, failed = counts(await describe(verifying, cut))
    assert (status, imported, failed) == ("Stopped", 0, 0)
    assert 0 < skipped < 450


async def test_a_user_pool_is_not_changed_while_users_are_imported(verifying: Api) -> None:
    job = await started(verifying)
    pool = {"UserPoolId": verifying.pool_id}
    added = [{"Name": "size", "AttributeDataType": "String"}]
    for operation, members in (
        ("UpdateUserPool", {}),
        ("DeleteUserPool", {}),
        ("AddCustomAttributes", {"CustomAttributes": added}),
    ):
        refused = await verifying.refused(operation, **pool, **members)
        assert refused[0] == "UserImportInProgressException"
    await verifying("StopUserImportJob", **named(job))
    assert await verifying("AddCustomAttributes", **pool, CustomAttributes=added) == {}


async def test_jobs_are_listed_the_newest_first(verifying: Api) -> None:
    pool = {"UserPoolId": verifying.pool_id}
    assert await verifying("ListUserImportJobs", **pool, MaxResults=1) == {}
    first, second = await create(verifying), await create(verifying)
    page = await verifying("ListUserImportJobs", **pool, MaxResults=1)
    assert page["UserImportJobs"] == [second]
    after = {"PaginationToken": page["PaginationToken"]}
    page = await verifying("ListUserImportJobs", **pool, MaxResults=1, **after)
    assert page == {"UserImportJobs": [first]}


async def test_a_pool_without_verified_addresses_imports_no_users(api: Api) -> None:
    members = {"UserPoolId": api.pool_id, "JobName": "people", "CloudWatchLogsRoleArn": ROLE}
    assert (await api.refused("CreateUserImportJob", **members))[0] == "PreconditionNotMetException"


async def test_an_upload_needs_the_presigned_url_of_its_job(
    verifying: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_upload, "LARGEST", 150)
    job = await create(verifying)
    assert await upload(verifying, {**job, "PreSignedUrl": "?X-Amz-Signature=\udc80"}, b"") == 403
    assert await upload(verifying, {**job, "JobId": "import-unknown"}, b"") == 403
    assert await upload(verifying, {**job, "UserPoolId": "unknown"}, b"") == 403
    assert await upload(verifying, job, bytes(151)) == 400


async def test_over_http(emulator: CognitoEmulator, http: aiohttp.ClientSession, judge: Judge) -> None:
    """A job is created, fed and run over HTTP."""
    pool = await emulator.create_user_pool(AutoVerifiedAttributes=["email"])
    members = {"UserPoolId": pool.id, "JobName": "people", "CloudWatchLogsRoleArn": ROLE}
    job = (await judge("CreateUserImportJob", **members))["UserImportJob"]
    header = (await judge("GetCSVHeader", UserPoolId=pool.id))["CSVHeader"]
    row = ",".join(ANA.get(name, "") for name in header)
    # More than aiohttp's limit for a body that is read at once.
    file = f"{','.join(header)}\n{row}\n".encode() + b"\n" * 2**20
    async with http.put(job["PreSignedUrl"], data=io.BytesIO(file)) as response:
        assert response.status == 200
    async with http.put(job["PreSignedUrl"][:-1], data=b"") as response:
        assert response.status == 403
        assert (await response.json(content_type=None))["__type"] == "AccessDenied"
    await judge("StartUserImportJob", **named(job))
    running = (await judge("DescribeUserImportJob", **named(job)))["UserImportJob"]
    assert running["Status"] in {"InProgress", "Succeeded"}
    found = (await judge("DescribeUserImportJob", **named(job)))["UserImportJob"]
    assert counts(found) == ("Succeeded", 1, 0, 0)
    await judge("ListUserImportJobs", UserPoolId=pool.id, MaxResults=1)
    other = (await judge("CreateUserImportJob", **members))["UserImportJob"]
    await judge("StopUserImportJob", **named(other))
    wanted = {name for name, function in TABLE.items() if function.__module__ == user_import.__name__}
    assert judge.asked == wanted
    await judge.wrong_subjects()
    assert ("UploadUserImportFile", "user-import", 200) in [
        (call.operation, call.service, call.status) for call in emulator.calls
    ]
    emulator.faults.add("UploadUserImportFile", status=503)
    async with http.put(other["PreSignedUrl"], data=b"") as response:
        assert response.status == 503
