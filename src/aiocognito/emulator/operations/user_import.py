"""Jobs that import users from a CSV file."""

from __future__ import annotations

from typing import Any, Final

from .. import user_imports
from ..errors import ApiError, not_found
from ..import_jobs import ImportJob
from ..registration import operation
from ..request_context import RequestContext

_LENGTH: Final = 10


@operation("GetCSVHeader")
async def get_csv_header(context: RequestContext) -> dict[str, Any]:
    """Return the columns of the file."""
    return {"UserPoolId": context.pool.id, "CSVHeader": user_imports.header(context.pool)}


@operation("CreateUserImportJob")
async def create_user_import_job(context: RequestContext) -> dict[str, Any]:
    """Create a job, and return the URL to which the file is uploaded with PUT."""
    pool, given = context.pool, context.members
    if not pool.auto_verified:
        raise _unmet("The user pool must verify email or phone_number automatically.")
    job = ImportJob(
        f"import-{context.state.random.text(_LENGTH)}",
        given["JobName"],
        given["CloudWatchLogsRoleArn"],
        given.get("PasswordHashingAlgorithm"),
        context.state.clock(),
    )
    pool.import_jobs[job.id] = job
    return _answer(context, job)


@operation("DescribeUserImportJob")
async def describe_user_import_job(context: RequestContext) -> dict[str, Any]:
    """Describe a job. One that runs is advanced by each description."""
    job = _job(context)
    await user_imports.advance(context.state, context.pool, job)
    return _answer(context, job)


@operation("ListUserImportJobs")
async def list_user_import_jobs(context: RequestContext) -> dict[str, Any]:
    """List the jobs of a pool, the newest first. Those that run are advanced."""
    pool = context.pool
    for job in pool.import_jobs.values():
        await user_imports.advance(context.state, pool, job)
    jobs = [user_imports.described(context.state, pool, job) for job in pool.import_jobs.values()]
    answer = context.page(jobs[::-1], "UserImportJobs", marker="PaginationToken")
    # The model has no empty list.
    return answer if jobs else {}


@operation("StartUserImportJob")
async def start_user_import_job(context: RequestContext) -> dict[str, Any]:
    """Start a job, which imports the users of the uploaded file a moment later."""
    job = _job(context)
    _require_status(context, job, "Created")
    if job.file is None:
        raise _unmet("No file has been uploaded for the job.")
    user_imports.start(context.state, context.pool, job)
    return _answer(context, job)


@operation("StopUserImportJob")
async def stop_user_import_job(context: RequestContext) -> dict[str, Any]:
    """Stop a job that is not complete."""
    job = _job(context)
    _require_status(context, job, "Created", "Pending", "InProgress")
    user_imports.stop(context.state, job)
    return _answer(context, job)


def _require_status(context: RequestContext, job: ImportJob, *allowed: str) -> None:
    status = job.status_at(context.state.clock())
    if status not in allowed:
        raise _unmet(f"The job's status is {status}.")


def _unmet(message: str) -> ApiError:
    return ApiError("PreconditionNotMetException", message)


def _job(context: RequestContext) -> ImportJob:
    job = context.pool.import_jobs.get(context.members["JobId"])
    if job is None:
        raise not_found(f"User import job {context.members['JobId']} does not exist.")
    return job


def _answer(context: RequestContext, job: ImportJob) -> dict[str, Any]:
    return {"UserImportJob": user_imports.described(context.state, context.pool, job)}
