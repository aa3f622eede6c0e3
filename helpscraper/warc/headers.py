"""Parse the headers of WARC records and of HTTP messages."""

from __future__ import annotations

from warcio.statusandheaders import StatusAndHeaders

__all__ = ["parse_headers"]


def parse_headers(block: bytes) -> StatusAndHeaders:
    """Return the start line and the headers in ``block``; a line without a colon is skipped.

    The result equals that of ``warcio``'s parser, which would take a third of the time of reading a record.
    """
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        text = block.decode("latin-1")
    first, _, rest = text.partition("\n")
    protocol, status = (*first.split(None, 1), "", "")[:2]
    if "\n " in text or "\n\t" in text or " :" in rest or "\t:" in rest:
        pairs = _unusual_headers(rest)
    else:
        parts = [line.partition(":") for line in rest.split("\n")]
        pairs = [(name, value.strip()) for name, colon, value in parts if colon]
    found = StatusAndHeaders(status.strip(), (), protocol)
    found.headers = pairs  # the constructor would decode each of them again
    return found


def _unusual_headers(text: str) -> list[tuple[str, str]]:
    """Return headers that may be folded, or have white space before the colon."""
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and found:
            found[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            found.append((name.rstrip(" \t"), [value.strip()]))
    return [(name, " ".join(filter(None, parts))) for name, parts in found]
