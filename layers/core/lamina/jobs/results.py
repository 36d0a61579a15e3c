"""Download links of job results, valid for a limited time."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lamina.access.policy import Caller, may
from lamina.aws import CALLS
from lamina.jobs.model import Job, JobStatus
from lamina.settings import settings

LINK_SECONDS = 15 * 60
_GONE = {"403", "404"}
"""S3 returns 403 for a missing file to callers who may not list the bucket (S3 API reference, HeadObject)."""

# Use the regional endpoint and its signature: the global one redirects while a bucket is new
# (S3 user guide, "Virtual hosting of buckets").
_files = boto3.client("s3", config=CALLS.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})))


def link(job: Job, caller: Caller) -> str | None:
    """Return a URL from which anybody who has it can download the result for 15 minutes.

    None if there is no result, if the file no longer exists, or if the caller no longer has the permission that the job
    was created with, for example a former admin.
    """
    if job.status != JobStatus.SUCCEEDED or not job.result_key:
        return None
    if not may(caller, job.action, owner_id=job.about) or not _exists(job.result_key):
        return None
    place = {"Bucket": settings().files, "Key": job.result_key}
    return _files.generate_presigned_url("get_object", Params=place, ExpiresIn=LINK_SECONDS)


def _exists(key: str) -> bool:
    try:
        _files.head_object(Bucket=settings().files, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return False
        raise
    return True
