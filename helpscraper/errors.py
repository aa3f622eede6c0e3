"""The errors of helpscraper. A message says what happened and where; ``advice`` says what to do.

Each class has the exit code of the command line (``docs/running.md`` has the table).
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ArchiveError",
    "CommandError",
    "CrawlError",
    "ExitCode",
    "ExtractionError",
    "HelpscraperError",
    "InputError",
    "LeaseLostError",
    "LockHeldError",
    "MissingExtraError",
    "OversizedError",
    "PayloadError",
    "ReferenceNotFoundError",
    "RefusedError",
]


class ExitCode(IntEnum):
    """The exit codes of the command line; ``NOTHING`` is that of ``grep`` and ``digest`` with nothing to show."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    REFUSED = 3
    INCOMPLETE = 4
    NOTHING = 5
    LOCKED = 75


class HelpscraperError(Exception):
    """Base of all errors that helpscraper raises on purpose.

    ``advice`` says what to do next; it is printed on a separate line.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  {self.advice}" if self.advice else self.message


class MissingExtraError(HelpscraperError):
    """A package of an optional part (an extra) is not installed; the message is the line that installs it."""


class CommandError(HelpscraperError):
    """The arguments are invalid or contradict each other."""

    exit_code = ExitCode.USAGE


class ReferenceNotFoundError(CommandError):
    """The named snapshot or article does not exist, or the name fits more than one."""


class InputError(HelpscraperError):
    """A file given to helpscraper is not of the stated kind, or damaged; names the file (and offset or field)."""

    exit_code = ExitCode.USAGE


class ExtractionError(HelpscraperError):
    """A page is not of the kind that its address states, so it gives no row.

    ``url`` names the page, ``field`` the missing part (``state``, ``article``, ``slug``, ``title``,
    ``list``, ``challenge``), ``selector`` the places that were searched.
    """

    def __init__(self, url: str, field: str, detail: str, *, selector: str = "", advice: str = "") -> None:
        looked = f" (looked at {selector})" if selector else ""
        super().__init__(f"{url}: {field}: {detail}{looked}", advice=advice)
        self.url = url
        self.field = field
        self.detail = detail
        self.selector = selector


class NotPublicError(ExtractionError):
    """A response holds articles that are not public, such as drafts: the help centre may not be archived."""


class PayloadError(HelpscraperError):
    """The bytes of an answer cannot be decoded to a page: they are cut off, damaged, or in an unknown coding.

    The message only says why; the caller adds the URL and the record.
    """


class OversizedError(PayloadError):
    """The page is larger than the bound; it may be a compression bomb."""


class ArchiveError(HelpscraperError):
    """A file of the archive is missing, damaged or cannot be written; names the file."""


class CrawlError(HelpscraperError):
    """The crawl could not do its work; nothing was committed."""


class RefusedError(HelpscraperError):
    """A help centre cannot be archived: its pages are challenges or sign-in forms, or show nothing without scripts."""

    exit_code = ExitCode.REFUSED


class LockHeldError(HelpscraperError):
    """Another crawl of the same site and locale is running on this archive."""

    exit_code = ExitCode.LOCKED


class LeaseLostError(LockHeldError):
    """This process no longer holds the lease of its edition; another machine may have taken it over."""
