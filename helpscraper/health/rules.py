"""The rules of ``NOTIFY_CHANGES``: which changes people are told of."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from helpscraper.errors import CommandError
from helpscraper.history.kinds import CERTAIN, KINDS, QUIET
from helpscraper.nearest import nearest_or_all

if TYPE_CHECKING:
    from helpscraper.history.article_changes import ArticleChanges

__all__ = ["PERIODS", "Rule", "parse_rules"]

PERIODS: Final[Mapping[str, int]] = {"daily": 1, "weekly": 7}
"""The values of ``DIGEST``, in days."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A change is wanted when it fits each of these that is not empty.

    ``kinds`` may have ``silent``; ``sections`` and ``articles`` are keys; one of the ``words`` (texts of any length) is
    in the text that was added or removed, in any case.
    """

    kinds: tuple[str, ...] = ("silent",)
    sections: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def fits(self, change: ArticleChanges) -> bool:
        """Tell whether the change fits in all but the words."""
        names = {change.article_id, change.former}
        return (
            (("silent" in self.kinds and change.silent) or not {*self.kinds}.isdisjoint(change.kinds))
            and (not self.sections or change.section in self.sections)
            and (not self.articles or not names.isdisjoint(self.articles))
        )

    def finds(self, change: ArticleChanges) -> bool:
        """Tell whether one of the words came or went with the change, which has its words."""
        if not self.words:
            return True
        pairs = list(_sides(change))
        return any(_differs(word.casefold(), pairs) for word in self.words)


def _differs(word: str, pairs: Iterable[tuple[str, str, str]]) -> bool:
    return any(word in changed or before.count(word) != after.count(word) for before, after, changed in pairs)


def _sides(change: ArticleChanges) -> Iterator[tuple[str, str, str]]:
    """Yield each changed block and title as it was before and after, and the changed part, without case."""
    for name, before, after in change.fields:
        if name == "title":
            yield (before or "").casefold(), (after or "").casefold(), ""
    for block in change.words.words.blocks if change.words else ():
        if block.fate in ("same", "moved"):
            continue
        told = {
            op: "".join(span.text for span in block.spans if span.op in ("same", op)).casefold()
            for op in ("delete", "insert")
        }
        changed = "\n".join(span.text for span in block.spans if span.op != "same").casefold()
        yield told["delete"], told["insert"], changed


def parse_rules(text: object) -> tuple[Rule, ...]:
    """Return the rules of a text: ``NAME=VALUE,VALUE`` with spaces between, rules separated by ``;``.

    A word without ``=`` gives kinds.

    The empty text, None and False are no rule, True is the rule of silent edits. Raises ``CommandError`` for an unknown
    name or kind.

    >>> parse_rules('kinds=removed,renamed; sections=fees words="withdrawal fee"')[1].words
    ('withdrawal fee',)
    """
    if text is True or text == "True":
        return (Rule(),)
    if text in (None, False, "", "False"):
        return ()
    lexer = shlex.shlex(str(text), posix=True, punctuation_chars=";")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        raise CommandError(f"{text!r}: a quotation mark is not closed") from None
    rules: list[dict[str, tuple[str, ...]]] = [{}]
    for token in tokens:
        if token.strip(";"):
            rules[-1].update(_condition(token))
        else:
            rules.append({})
    return tuple(Rule(**rule) for rule in rules if rule)


def _condition(token: str) -> dict[str, tuple[str, ...]]:
    known = [field.name for field in fields(Rule)]
    name, equals, values = token.partition("=")
    if not equals:  # kinds are what most rules are about
        name, values = "kinds", token
    found = tuple(value.strip() for value in values.split(",") if value.strip())
    if name not in known:
        raise CommandError(f"{name}: no such condition of a rule", advice=nearest_or_all(name, known))
    if not found:
        raise CommandError(f"{token}: a value is missing", advice=f"write {name}=VALUE,VALUE")
    if name != "kinds":
        return {name: found}
    kinds = [kind for kind in KINDS if kind not in QUIET]
    for kind in found:
        if kind not in (*kinds, "silent", "all"):
            raise CommandError(
                f"{kind}: nobody is told of this kind", advice=nearest_or_all(kind, [*kinds, "silent", "all"])
            )
    return {
        name: tuple(dict.fromkeys(each for kind in found for each in (CERTAIN if kind == "all" else (kind,))))
    }
