"""What a job has made: where it can be fetched, for a while."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lamina.access.policy import Caller, may
from lamina.aws import CALLS
from lamina.jobs.model import Job, JobStatus
from lamina.settings import settings

LINK_SECONDS = 15 * 60
_GONE = {"403", "404"}
"""What S3 says of a file that is not there: 403 to who may not list the bucket (S3 API reference, HeadObject)."""

# By its region's own host name and signature, for the global one redirects while a bucket is new
# (S3 user guide, "Virtual hosting of buckets").
_files = boto3.client("s3", config=CALLS.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})))


def link(job: Job, caller: Caller) -> str | None:
    """Give an address that the result can be fetched from for 15 minutes, by whoever has it.

    None while there is no result, when the file is there no longer, and for a caller who may not do any more what the
    job was asked for by: an admin who is one no longer.
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
