"""The client of an object store: an fsspec file system whose errors are ``OSError``s that say what to do.

Each fsspec package raises errors of its own kinds. Here they become ``FileExistsError`` (a condition of a put does not
hold), ``FileNotFoundError``, or ``StoreError``.
"""

from __future__ import annotations

import errno
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import MethodType
from typing import Any

from fsspec.spec import AbstractFileSystem

from helpscraper.archive.store.versions import Versions, versions_of

__all__ = ["PATIENCE_SECONDS", "Client", "StoreError"]

logger = logging.getLogger(__name__)

_PROBE = b"helpscraper puts this object twice to see whether the store honours If-None-Match.\n"

PATIENCE_SECONDS = 90.0
"""How long a store that answered before may be busy or out of reach."""

_PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
# Two puts of one name at the same time: the loser has to put again, and then gets 412 or 200.
_CONFLICT_SECONDS = 10.0
# Parts of the names of the clients' errors of the network, some of which are no `OSError`s.
_NETWORK = ("Connect", "Timeout", "HTTPClientError", "Payload", "IncompleteRead")
_ENDPOINTS = "AWS_ENDPOINT_URL, STORAGE_EMULATOR_HOST or AZURE_STORAGE_CONNECTION_STRING, if set"
_ATTEMPTS = 4
_BUSY = frozenset({429, 500, 502, 503, 504})


class StoreError(OSError):
    """An operation that the store did not do; ``passing`` if the same operation may succeed a little later."""

    def __init__(self, reason: str, advice: str, status: int | None, *, passing: bool = False) -> None:
        super().__init__(errno.EIO, reason)
        self.advice = advice
        self.status = status
        self.passing = passing


class Client:
    """The operations of ``fs``; once the store was written to, they are tried again while it is busy or out of reach.

    ``conditional``: whether the store honours conditional puts, None while it was not asked. ``single_writer``: no
    other program writes to this archive.
    """

    def __init__(self, fs: AbstractFileSystem) -> None:
        self.fs = fs
        self.conditional: bool | None = None
        self.single_writer = False
        self._patience = 0.0
        self._versions = versions_of(fs)
        _bound_retries(fs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.fs, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        begun = time.monotonic()
        for pause in itertools.chain(_PAUSES_SECONDS, itertools.repeat(_PAUSES_SECONDS[-1])):
            try:
                answer = operation(*args, **kwargs)
            except Exception as error:
                if type(error).__module__ == "builtins" and not isinstance(error, OSError):
                    raise  # an error of the program, not of the store
                failure = _failure(error)
                if not isinstance(failure, StoreError) or not failure.passing:
                    raise failure from error
                patience = max(self._patience, _CONFLICT_SECONDS) if failure.status == 409 else self._patience
                if time.monotonic() + pause - begun > patience:
                    self._patience = 0.0  # the next operations do not wait for the same outage again
                    raise failure from error
                logger.info("%s; trying again in %s s", failure.strerror, pause)
            else:
                self._patience = PATIENCE_SECONDS if self.conditional is not None else 0.0
                return answer
            time.sleep(pause)
        raise AssertionError("the pauses do not end")

    def probe(self, name: str) -> bool:
        """Tell whether conditional puts are honoured; found out with the object ``name``, unless it is known.

        Raises ``StoreError`` when the store cannot be written.
        """
        if self.conditional is None:
            # A store in which the object exists has passed before, so one request is enough.
            self.conditional = self._refuses(name) or (self._refuses(name) and self._refuses_version(name))
            if not self.conditional:
                self._call(self.fs.rm_file, name)
            self._patience = PATIENCE_SECONDS
        return self.conditional

    def _refuses(self, name: str) -> bool:
        try:
            self._call(self.fs.pipe_file, name, _PROBE, mode="create")
        except FileExistsError:
            return True
        except FileNotFoundError as error:
            raise _no_bucket(404) from error
        return False

    def _refuses_version(self, name: str) -> bool:
        if not self.swaps:
            return True
        try:
            self.put_if_match(name, _PROBE, self._swapping.none)
        except FileExistsError:
            return True
        return False

    # ---- compare-and-swap

    @property
    def swaps(self) -> bool:
        """Whether this store has compare-and-swap by ETag."""
        return self._versions is not None and self.conditional is not False

    def get(self, name: str) -> tuple[bytes, str]:
        """Return an object's contents and its ETag, from one request."""
        contents: tuple[bytes, str] = self._call(self._swapping.get, name)
        return contents

    def put_if_match(self, name: str, data: bytes, etag: str | None) -> str:
        """Put an object over the version ``etag`` (None: where there is none) and return the new ETag.

        Raises ``FileExistsError`` or ``FileNotFoundError`` when there is another version.
        """
        made: str = self._call(self._swapping.put, name, data, etag)
        return made

    def remove_if_match(self, name: str, etag: str) -> None:
        """Remove the version ``etag`` of an object; raises ``FileExistsError`` for another version."""
        self._call(self._swapping.remove, name, etag)

    @property
    def _swapping(self) -> Versions:
        if self._versions is None:
            raise StoreError("this kind of store has no compare-and-swap", "use s3://, gs:// or az://", None)
        return self._versions


def _bound_retries(fs: AbstractFileSystem) -> None:
    """Let an operation on a server that is down fail after some 10 s, as on S3; ``Client`` waits where it is worth it.

    gcsfs tries for 35 s and adlfs for a minute or more, and neither has a setting for it.
    """
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else {*fs.protocol}
    if "gs" in protocols:
        from gcsfs.retry import retry_request

        # gcsfs logs the traceback of an error and raises it too.
        logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
        once = type(fs)._request.__wrapped__
        fs._request = MethodType(retry_request(retries=_ATTEMPTS)(once), fs)
    elif "az" in protocols:
        # It pauses for 1 s, then 1 + 2 s, then 1 + 4 s; one retry more than `total_retries`.
        policy = fs.service_client._config.retry_policy
        policy.total_retries, policy.initial_backoff, policy.increment_base = _ATTEMPTS - 2, 1, 2
        policy.random_jitter_range = 1


def _no_bucket(status: int | None) -> StoreError:
    return StoreError("there is no such bucket", "make the bucket, or correct the archive's URL", status)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _failure(error: Exception) -> OSError:
    """Return the error of a client as one that says what to do.

    botocore has a dictionary ``response``, gcsfs a number ``code``, azure-core a number ``status_code``.
    """
    status: int | None = None
    code, reason = "", " ".join(str(error).split())
    for each in _causes(error):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code = str(response.get("Error", {}).get("Code", ""))
            reason = str(response.get("Error", {}).get("Message") or code or reason)
        for number in (getattr(each, "status_code", None), getattr(each, "code", None)):
            status = number if status is None and isinstance(number, int) else status
    kinds = {kind.__name__ for each in _causes(error) for kind in type(each).__mro__}
    if isinstance(error, FileExistsError) or status == 412:
        return FileExistsError(errno.EEXIST, reason)
    if code == "NoSuchBucket":
        return _no_bucket(status)
    if isinstance(error, FileNotFoundError):
        return error
    if status == 404:
        return FileNotFoundError(errno.ENOENT, reason)
    if status in {401, 403} or any("Credential" in kind or "Auth" in kind for kind in kinds):
        return StoreError(
            f"the store gives no access: {reason}",
            "check that the credentials in the environment are there, right and not expired, and their rights",
            status,
        )
    if status == 409 or status in _BUSY:
        return StoreError(
            f"the store is busy ({status}): {reason}",
            "run the command again later; files that were stored before are untouched",
            status,
            passing=True,
        )
    if status is None and any(name in kind for name in _NETWORK for kind in kinds):
        return StoreError(
            f"the store cannot be reached: {reason}",
            f"check the network and the endpoint ({_ENDPOINTS}), and run the command again",
            status,
            passing=True,
        )
    if isinstance(error, OSError) and status is None:
        return error
    advice = "check the archive's URL, and the settings of its client in the environment"
    return StoreError(f"the store refuses: {reason}", advice, status)
