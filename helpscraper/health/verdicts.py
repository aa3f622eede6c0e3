"""What a check of a crawl's facts found, and the checks of what was served: edition, language and region. Pure.

``crawl.health`` puts all checks together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["ANOTHER_EDITION", "Verdict", "check_edition_served", "check_language", "check_region"]

Facts = Mapping[str, Any]

ANOTHER_EDITION = "another_edition"
"""The reason for which a crawl ends when its host serves another edition to this visitor."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str

    def as_facts(self) -> dict[str, str]:
        """Return the verdict as it stands in the run facts."""
        return {"check": self.check, "verdict": self.verdict, "detail": self.detail}


def check_edition_served(facts: Facts) -> Iterator[Verdict]:
    """Judge by what was served: pages of another edition were left out, and too many of them are no oddity."""
    served: Counter[str] = Counter(facts.get("editions", {}))
    others = served - Counter({facts.get("locale", ""): served[facts.get("locale", "")]})
    if not others:
        return
    [(most, _)] = others.most_common(1)
    if facts.get("finish_reason") == ANOTHER_EDITION or others.total() > served.total() / 2:
        detail = (
            f"this host was served {most}; crawl that edition (`-a locale={most}`) or crawl from elsewhere"
        )
        yield Verdict("edition", "fail", detail)
    else:
        named = ", ".join(sorted(others))
        detail = f"{others.total()} of {served.total()} answers were pages of {named}; they are left out"
        yield Verdict("edition", "warn", detail)


def check_language(facts: Facts, earlier: Sequence[Facts]) -> Iterator[Verdict]:
    """A language or script other than the one asked for, or other than the one that the archive holds."""
    asked = facts.get("language_asked")
    served: Counter[str] = Counter(facts.get("languages", {}))
    if not asked or not served:
        return
    [(usual, most)] = served.most_common(1)
    other = {tag: n for tag, n in served.items() if _tongue(tag, asked) != _tongue(asked, tag)}
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


def _usual_language(earlier: Sequence[Facts]) -> str | None:
    """Return the tag that most pages of the newest crawl bore that says so."""
    for run in earlier:
        counts: Counter[str] = Counter(run.get("languages", {}))
        if counts:
            [(usual, _)] = counts.most_common(1)
            return usual
    return None


def _tongue(tag: str, beside: str) -> tuple[str, ...]:
    """Return the language of ``tag``, and its script where ``beside`` states one too (zh-Hans is not zh-Hant)."""
    language, *more = tag.lower().split("-")
    script = [part for part in more if len(part) == 4]
    both = any(len(part) == 4 for part in beside.split("-"))
    return (language, *script) if both else (language,)


def check_region(facts: Facts, earlier: Sequence[Facts]) -> Iterator[Verdict]:
    """Listing pages of another regional site than the archive holds."""
    now: Counter[str] = Counter(facts.get("regions", {}))
    before = next((set(run["regions"]) for run in earlier if run.get("regions")), None)
    if not now or before is None:
        return
    other = {site: n for site, n in now.items() if site not in before}
    if other:
        half = sum(other.values()) > now.total() / 2
        detail = f"{sum(other.values())} of {now.total()} listing pages are of the regional edition "
        detail += f"{', '.join(sorted(other))}; the archive holds {', '.join(sorted(before))}: other articles"
        yield Verdict("region", "fail" if half else "warn", detail)
