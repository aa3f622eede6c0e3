"""Where an archive lives: a folder on this machine, or an object store, behind one interface."""

from __future__ import annotations

import os

from fsspec.core import split_protocol

from helpscraper.archive.store.base import Entry, Store, sha256
from helpscraper.archive.store.local import LocalStore
from helpscraper.archive.store.objects import ObjectStore
from helpscraper.errors import CommandError

__all__ = ["Entry", "LocalStore", "ObjectStore", "Store", "open_store", "sha256", "uri_problem"]

_ON_THIS_MACHINE = (None, "file", "local")


def open_store(uri: str | os.PathLike[str] = "output") -> Store:
    """Return the store at ``uri``: a folder, or an fsspec URL such as ``s3://bucket/prefix``.

    Credentials come from the environment, as the documentation of each fsspec package says. Raises ``CommandError``
    for a URI that names no place (see ``uri_problem``) or a file, and ``ArchiveError`` for a protocol whose package is
    not installed.
    """
    text = os.fspath(uri)
    if (problem := uri_problem(text)) is not None:
        raise CommandError(f"archive {text!r}: {problem}", advice="name a folder or an fsspec URL")
    protocol, _ = split_protocol(text)
    return LocalStore(text) if protocol in _ON_THIS_MACHINE else ObjectStore(text)


def uri_problem(uri: str) -> str | None:
    """Say why no archive can be kept at ``uri``, None when one can.

    fsspec takes an empty text for the working directory, and ``a::b`` for a chain of file systems; only the first of
    them would be written to.

    >>> uri_problem("")
    'a folder or an fsspec URL is wanted, and this is empty'
    """
    if not uri.strip():
        return "a folder or an fsspec URL is wanted, and this is empty"
    if "::" in uri:
        return "one folder or one fsspec URL is wanted, and `::` chains several"
    return None
