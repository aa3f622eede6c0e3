"""Stores of archives: a folder on this machine, or an object store, with one interface.

base      the interface
listings  the files that there are, listed once or each time
files     local files: errors, temporary ones, digests
local     a folder
objects   an object store, through fsspec
client    the client of an object store: its errors, its second tries
versions  compare-and-swap of an object store
windows   read an object by ranges
"""

from __future__ import annotations

import os

from helpscraper.archive.store.base import FileInfo, Store
from helpscraper.archive.store.files import sha256
from helpscraper.archive.store.local import LocalStore
from helpscraper.errors import CommandError
from helpscraper.extras import need

__all__ = ["FileInfo", "LocalStore", "Store", "open_store", "sha256", "uri_problem"]

_ON_THIS_MACHINE = ("file", "local")
# The extra that opens the URLs of a protocol.
_EXTRAS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
}


def open_store(uri: str | os.PathLike[str] = "output") -> Store:
    """Return the store at ``uri``: a folder, or an fsspec URL such as ``s3://bucket/prefix``.

    Credentials come from the environment, as the documentation of each fsspec package says. Raises ``CommandError``
    for a URI that names no place (see ``uri_problem``) or a file, ``MissingExtraError`` for an object store whose extra
    is not installed, and ``ArchiveError`` for another protocol that fsspec cannot open.
    """
    text = os.fspath(uri)
    if (problem := uri_problem(text)) is not None:
        raise CommandError(f"archive {text!r}: {problem}", advice="name a folder or an fsspec URL")
    protocol, separator, _ = text.partition("://")
    if not separator or protocol in _ON_THIS_MACHINE:
        return LocalStore(text)
    if protocol in _EXTRAS:
        need(_EXTRAS[protocol])
    from helpscraper.archive.store.objects import ObjectStore  # fsspec is not part of the core

    return ObjectStore(text)


def uri_problem(uri: str) -> str | None:
    """Return the reason why ``uri`` cannot name an archive, None for a valid one.

    fsspec takes an empty text for the working directory, and ``a::b`` for a chain of file systems, of which it would
    write only to the first.

    >>> uri_problem("")
    'the URI is empty'
    """
    if not uri.strip():
        return "the URI is empty"
    if "::" in uri:
        return "`::` chains several file systems"
    return None
