"""Find the selectors and state paths that stopped matching, by the counts of extraction rules. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from helpscraper.archive.run_facts import RunFacts

__all__ = ["drift_details"]

# A rule that was expected to match seven times and never did has stopped: chance explains less than one crawl in a
# thousand (e ** -7).
_SURPRISE = 7.0

# Endings of the names that count failures, not matches.
_NOT_RULES = ("/missing", "/drift", "/broken", "/empty", "/rejected")


def drift_details(facts: RunFacts, earlier: Sequence[RunFacts]) -> Iterator[str]:
    """Yield one sentence for each kind of drift that ``facts`` show against ``earlier`` (newest first).

    The sentences name rules and give no numbers, so that the same drift gives the same sentence in the next crawl.

    ``facts.rules`` counts matches by rule, ``PAGE.FIELD/RULE`` (``article.body/rich_text``). ``facts.drift`` counts
    unreadable pages by the missing field and its selectors.
    """
    rules = facts.rules
    emergency = sorted(name for name in rules if name.endswith(("/drift", "/broken")))
    if emergency:
        yield f"read by an emergency rule: {', '.join(emergency)}"
    if unread := sorted(facts.drift):
        yield f"pages could not be read; missing: {'; '.join(unread)}"
    before: Counter[str] = Counter()
    for run in earlier:
        before.update(run.rules)
    tried_before, tried = _by_field(before), _by_field(rules)

    def was_expected(name: str, tries: Counter[str]) -> bool:
        """Tell whether the rule should have matched in so many tries."""
        return tries[_field(name)] * before[name] / tried_before[_field(name)] >= _SURPRISE

    def matched_always(name: str) -> bool:
        """Tell whether the rule matched in every earlier crawl that was large enough."""
        return all(name in run.rules or not was_expected(name, _by_field(run.rules)) for run in earlier)

    absent = sorted(name for name in before.keys() - rules.keys() if not name.endswith(_NOT_RULES))
    stopped = [name for name in absent if was_expected(name, tried) and matched_always(name)]
    if stopped:
        yield f"no longer matching: {', '.join(stopped)}"


def _field(name: str) -> str:
    return name.partition("/")[0]


def _by_field(rules: Mapping[str, int]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for name, n in rules.items():
        sums[_field(name)] += n
    return sums
