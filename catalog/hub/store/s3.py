"""Files in a bucket of S3, or of what speaks its protocol.

Where the server is and who we are is read from AWS's own variables and files, such as
`AWS_ENDPOINT_URL` and `AWS_ACCESS_KEY_ID`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.hub.store import names
from catalog.hub.store.blobs import CHUNK, Kept, absent, together
from catalog.hub.store.errors import StoreError

_ABSENT = frozenset(("404", "NoSuchKey", "NotFound"))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Files in a bucket, as `prefix/ab/cdef…`."""

    client: Any
    name: str
    prefix: str

    def _key(self, sha256: str) -> str:
        return f"{self.prefix}{names.sha256(sha256)[:2]}/{sha256[2:]}"

    def place(self, sha256: str, file: Path) -> None:
        self.client.upload_file(str(file), self.name, self._key(sha256))
        file.unlink()

    def place_all(self, files: Mapping[str, Path]) -> None:
        together(lambda one: self.place(*one), files.items())

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size = self.size(sha256)
        if size is None:
            raise absent(sha256)
        end = size if length is None else min(size, start + length)
        if start >= end:
            return iter(())
        said = f"bytes={start}-{end - 1}"
        found = self.client.get_object(Bucket=self.name, Key=self._key(sha256), Range=said)
        return _chunks(found["Body"])

    def size(self, sha256: str) -> int | None:
        from botocore.exceptions import ClientError

        try:
            found = self.client.head_object(Bucket=self.name, Key=self._key(sha256))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return int(found["ContentLength"])

    def path(self, sha256: str) -> Path | None:
        return None

    def remove(self, sha256: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=self._key(sha256))

    def listed(self) -> Iterator[Kept]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=self.prefix):
            for one in page.get("Contents", []):
                sha256 = one["Key"].removeprefix(self.prefix).replace("/", "")
                yield Kept(sha256, one["Size"], one["LastModified"].timestamp())


def _chunks(body: Any) -> Iterator[bytes]:
    with body:
        while chunk := body.read(CHUNK):
            yield chunk


def bucket(url: str) -> Bucket:
    """Return the place for files at `s3://bucket/prefix`; the bucket has to be there."""
    try:
        import boto3
    except ImportError as error:
        raise StoreError(f"{url}: needs boto3; install tunedeck[s3]") from error
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    name, _, prefix = url.removeprefix("s3://").partition("/")
    try:
        client = boto3.client("s3", config=Config(max_pool_connections=32))
        client.head_bucket(Bucket=name)
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"{url}: cannot be reached, {error}; is the bucket there?") from error
    return Bucket(client, name, f"{prefix}/")
