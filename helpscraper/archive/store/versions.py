"""Compare-and-swap of small objects on S3, Google Cloud Storage and Azure: fsspec has no interface for it.

Each class passes the condition on to its own fsspec package. A condition that does not hold raises ``FileExistsError``,
``FileNotFoundError``, or an error of that package whose status is 404 or 412.
"""

from __future__ import annotations

import json
from typing import Any, Protocol
from uuid import uuid4

from fsspec.asyn import sync
from fsspec.spec import AbstractFileSystem

__all__ = ["Versions", "versions_of"]


class Versions(Protocol):
    """The operations on one version of an object; ``etag`` names the version."""

    none: str
    """A version that no object has."""

    def get(self, name: str) -> tuple[bytes, str]:
        """Return the contents and the version, from one request."""

    def put(self, name: str, data: bytes, etag: str | None) -> str:
        """Put an object over a version (None: where there is none) and return the new version."""

    def remove(self, name: str, etag: str) -> None:
        """Remove a version."""


class _S3:
    """By ``If-Match`` and ``If-None-Match``."""

    none = '"00000000000000000000000000000000"'

    def __init__(self, fs: AbstractFileSystem) -> None:
        self._fs = fs

    def _call(self, method: str, name: str, **parameters: Any) -> Any:
        bucket, key, _ = self._fs.split_path(name)
        return self._fs.call_s3(method, Bucket=bucket, Key=key, **parameters)

    def get(self, name: str) -> tuple[bytes, str]:
        answer = self._call("get_object", name)
        return sync(self._fs.loop, answer["Body"].read), str(answer["ETag"])

    def put(self, name: str, data: bytes, etag: str | None) -> str:
        condition = {"IfMatch": etag} if etag is not None else {"IfNoneMatch": "*"}
        return str(self._call("put_object", name, Body=data, **condition)["ETag"])

    def remove(self, name: str, etag: str) -> None:
        self._call("delete_object", name, IfMatch=etag)


class _Google:
    """By ``ifGenerationMatch``: each version of an object has a number, 0 stands for none."""

    none = "1"

    def __init__(self, fs: AbstractFileSystem) -> None:
        self._fs = fs

    def get(self, name: str) -> tuple[bytes, str]:
        headers, data = self._fs.call("GET", self._fs.url(name))
        return data, str(headers["X-Goog-Generation"])

    def put(self, name: str, data: bytes, etag: str | None) -> str:
        bucket, key, _ = self._fs.split_path(name)
        place = self._fs.url(bucket).partition("/download/")[0] + f"/upload/storage/v1/b/{bucket}/o"
        line = uuid4().hex
        types = ("application/json", "application/octet-stream")
        parts = zip(types, (json.dumps({"name": key}).encode(), data), strict=True)
        body = b"".join(
            f"--{line}\r\nContent-Type: {kind}\r\n\r\n".encode() + part + b"\r\n" for kind, part in parts
        )
        answer = self._fs.call(
            "POST", place, uploadType="multipart", ifGenerationMatch=etag or "0", json_out=True,
            headers={"Content-Type": f"multipart/related; boundary={line}"}, data=body + f"--{line}--".encode(),
        )  # fmt: skip
        return str(answer["generation"])

    def remove(self, name: str, etag: str) -> None:
        bucket, key, _ = self._fs.split_path(name)
        self._fs.call("DELETE", "b/{}/o/{}", bucket, key, ifGenerationMatch=etag)


class _Azure:
    """By ``If-Match`` and ``If-None-Match``."""

    none = '"0x0000000000000000"'

    def __init__(self, fs: AbstractFileSystem) -> None:
        self._fs = fs

    def _call(self, method: str, name: str, *args: Any, etag: str | None = None, **options: Any) -> Any:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError

        if etag is not None:
            options |= {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        container, key, _ = self._fs.split_path(name)

        async def call() -> Any:
            async with self._fs.service_client.get_blob_client(container, key) as blob:
                answer = await getattr(blob, method)(*args, **options)
                return (
                    answer if method != "download_blob" else (await answer.readall(), answer.properties.etag)
                )

        try:
            return sync(self._fs.loop, call)
        except ResourceExistsError as error:  # its status is 409, as that of a conflict
            raise FileExistsError(name) from error

    def get(self, name: str) -> tuple[bytes, str]:
        data, etag = self._call("download_blob", name)
        return data, str(etag)

    def put(self, name: str, data: bytes, etag: str | None) -> str:
        return str(self._call("upload_blob", name, data, overwrite=etag is not None, etag=etag)["etag"])

    def remove(self, name: str, etag: str) -> None:
        self._call("delete_blob", name, etag=etag)


_KINDS: dict[str, type[_S3 | _Google | _Azure]] = {
    "s3": _S3, "s3a": _S3, "gs": _Google, "gcs": _Google,
    "abfs": _Azure, "abfss": _Azure, "az": _Azure,
}  # fmt: skip


def versions_of(fs: AbstractFileSystem) -> Versions | None:
    """Return the compare-and-swap of a file system, None for one that has none."""
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    return next((_KINDS[each](fs) for each in protocols if each in _KINDS), None)
