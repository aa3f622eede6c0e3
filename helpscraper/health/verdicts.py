"""Check the edition, language and region of the pages that the host served. Pure; ``checks`` runs all checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import Verdict

__all__ = ["ANOTHER_EDITION", "Verdict", "check_edition_served", "check_language", "check_region"]

ANOTHER_EDITION = "another_edition"
"""The finish reason of a crawl whose host serves another edition to this visitor."""


def check_edition_served(facts: RunFacts) -> Iterator[Verdict]:
    """Fail when most pages are of another edition; warn when a few are (they are left out of the snapshot)."""
    served: Counter[str] = Counter(facts.editions)
    others = served - Counter({facts.locale: served[facts.locale]})
    if not others:
        return
    [(most, _)] = others.most_common(1)
    if facts.finish_reason == ANOTHER_EDITION or others.total() > served.total() / 2:
        detail = (
            f"this host was served {most}; crawl that edition (`-a locale={most}`) or crawl from elsewhere"
        )
        yield Verdict("edition", "fail", detail)
    else:
        named = ", ".join(sorted(others))
        detail = (
            f"{others.total()} of {served.total()} pages belong to the edition {named}; they are left out"
        )
        yield Verdict("edition", "warn", detail)


def check_language(facts: RunFacts, earlier: Sequence[RunFacts]) -> Iterator[Verdict]:
    """Compare the language and script of the pages with the requested ones and with those of the archive."""
    asked = facts.language_asked
    served: Counter[str] = Counter(facts.languages)
    if not asked or not served:
        return
    [(usual, most)] = served.most_common(1)
    other = {tag: n for tag, n in served.items() if _language(tag, asked) != _language(asked, tag)}
    before = _usual_language(earlier)
    named = ", ".join(sorted(other))
    if sum(other.values()) > served.total() / 2:
        yield Verdict("language", "fail", f"pages are in {named} where {asked} was asked for")
    elif before is not None and usual.lower() != before.lower():
        yield Verdict(
            "language", "fail", f"{most} of {served.total()} pages are in {usual}; the archive holds {before}"
        )
    elif other:
        yield Verdict("language", "warn", f"{sum(other.values())} of {served.total()} pages are in {named}")


def _usual_language(earlier: Sequence[RunFacts]) -> str | None:
    """Return the most frequent language tag of the newest crawl that counted any."""
    return next((Counter(run.languages).most_common(1)[0][0] for run in earlier if run.languages), None)


def _language(tag: str, other: str) -> tuple[str, ...]:
    """Return the language of ``tag``, with its script when ``other`` has one too (zh-Hans is not zh-Hant)."""
    language, *more = tag.lower().split("-")
    script = [part for part in more if len(part) == 4]
    both = any(len(part) == 4 for part in other.split("-"))
    return (language, *script) if both else (language,)


def check_region(facts: RunFacts, earlier: Sequence[RunFacts]) -> Iterator[Verdict]:
    """Compare the regional site of the listing pages with that of the archive."""
    now: Counter[str] = Counter(facts.regions)
    before = next((set(run.regions) for run in earlier if run.regions), None)
    if not now or before is None:
        return
    other = {site: n for site, n in now.items() if site not in before}
    if other:
        half = sum(other.values()) > now.total() / 2
        detail = f"{sum(other.values())} of {now.total()} listing pages are of the regional edition "
        detail += f"{', '.join(sorted(other))}; the archive holds {', '.join(sorted(before))}: other articles"
        yield Verdict("region", "fail" if half else "warn", detail)
