"""A typed, synchronous client of the bulk extract API: this product's or Marketo's.

with ExtractClient(base_url, client_id, client_secret) as client:
    job = client.create(ObjectFamily.LEADS, request)
    client.enqueue(ObjectFamily.LEADS, job.export_id)
    client.download(ObjectFamily.LEADS, client.wait(ObjectFamily.LEADS, job.export_id), path)
"""

from tailrace.client.errors import (
    ApiError,
    ClientError,
    CredentialsError,
    DownloadError,
    JobEndedError,
    UnreachableError,
    WaitTimeoutError,
)
from tailrace.client.extract_client import ExtractClient
from tailrace.client.job import FileDescription, Job
from tailrace.client.request_body import columns

__all__ = [
    "ApiError",
    "ClientError",
    "CredentialsError",
    "DownloadError",
    "ExtractClient",
    "FileDescription",
    "Job",
    "JobEndedError",
    "UnreachableError",
    "WaitTimeoutError",
    "columns",
]
