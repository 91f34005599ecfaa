"""Blobs as objects of an S3 bucket, or of anything that speaks its protocol (MinIO, Ceph, R2: AWS_ENDPOINT_URL).

Neither versions nor conditional writes are asked of the server. Listing after writing must be up to date, which S3 is
since 2020 (https://aws.amazon.com/s3/consistency/). boto3 finds credentials, region and proxies by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_orchestrator.errors import MissingPartError, UserError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import LARGEST
from ci_orchestrator.history.blobs.heads import Heads

if TYPE_CHECKING:
    from botocore.client import BaseClient

_CONNECT, _READ, _TRIES = 10, 60, 5  # seconds, seconds, attempts


class S3Blobs(Heads):
    """`history.blobs.base.BlobStore` below ``//BUCKET/PREFIX``. Needs s3:ListBucket, s3:GetObject, s3:PutObject and
    s3:DeleteObject there. Raises `MissingPartError` when boto3 is not installed, `UserError` for an address without a
    bucket."""

    def __init__(self, address: str, root: Path = Path()) -> None:
        self._bucket, _, prefix = address.removeprefix("//").partition("/")
        if not self._bucket:
            raise UserError(f"s3:{address} names no bucket", fix="write s3://BUCKET/PREFIX")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.place = f"s3://{self._bucket}/{self._prefix}"
        self._made: BaseClient | None = None
        _boto3()

    def _names(self) -> Iterable[str]:
        with self._explained():
            pages = (
                self._client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self._bucket, Prefix=f"{self._prefix}history-")
            )
            return [one["Key"].removeprefix(self._prefix) for page in pages for one in page.get("Contents", ())]

    def _get(self, name: str) -> bytes | None:
        with self._explained():
            client = self._client()
            try:
                body = client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
            except client.exceptions.NoSuchKey:
                return None
            with body:
                return bytes(body.read(LARGEST + 1))

    def _put(self, name: str, data: bytes) -> None:
        with self._explained():
            self._client().put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data)

    def _delete(self, name: str) -> None:
        with self._explained():
            self._client().delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes while it runs
        if self._made is None:
            boto3, config = _boto3()
            retries = {"max_attempts": _TRIES, "mode": "standard"}
            self._made = boto3.client(
                "s3", config=config(connect_timeout=_CONNECT, read_timeout=_READ, retries=retries)
            )
        return self._made

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

        try:
            yield
        except (BotoCoreError, ClientError, HTTPError, ValueError) as error:
            fix = (
                "check the bucket, the region and the credentials (AWS_…), and that they may list, get, put and delete"
            )
            raise HistoryError(f"{self.place} cannot be used: {error}", fix=fix) from None


def _boto3() -> tuple[Any, Any]:
    try:
        import boto3  # noqa: PLC0415 - an extra, and slow to load
        from botocore.config import Config  # noqa: PLC0415
    except ImportError:
        raise MissingPartError("boto3 is not installed", fix="pip install 'ci-orchestrator[s3]'") from None
    return boto3, Config
