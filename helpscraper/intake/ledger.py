"""The ledger of a running crawl: every article that was found, and its outcome.

One SQLite file in the archive's state folder. Each call, or each ``transaction()`` of several, is committed at its end
(WAL mode), so a crawl killed at any instant leaves a ledger of exactly the pages that had been read;
``helpscraper crawl --resume`` goes on from there.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from helpscraper.intake.columns import decode, encode
from helpscraper.intake.entries import Entry, Outcome, SectionEntry
from helpscraper.intake.ledger_file import MAX_DETAIL, LedgerDamagedError, LedgerFile
from helpscraper.items import Body

__all__ = ["Ledger", "LedgerDamagedError"]

# Articles between two writes of the tallies. Tallies only inform; each article itself is written at once.
_FLUSH_EVERY = 50


class Ledger(LedgerFile):
    """The findings of a crawl so far: listings, articles and bodies."""

    def reopen(self) -> None:
        """Prepare to go on after a kill: articles and bodies that were read stay, listings are read again.

        A listing may have moved since it was read. A page that failed is asked for again. Articles that were not asked
        for yet, or had not answered, are due.
        """
        for table in ("section", "listing_page", "sighting", "problem", "due"):
            self._write(f"DELETE FROM {table}")  # noqa: S608 (the names are those above)
        self._write("DELETE FROM tally WHERE kind IN ('problem', 'drift')")
        self._write(
            "INSERT INTO due (article_id, reason)"
            " SELECT article_id, 'resumed' FROM article WHERE outcome = 'expected' ORDER BY article_id"
        )

    # ---- listings

    def section(
        self, slug: str, *, title: str | None, category: str | None, content_type: str | None
    ) -> None:
        """Note a section whose listing is to be read."""
        self._write(
            "INSERT INTO section (slug, title, category, content_type) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (slug, title, category, content_type),
        )

    def section_problem(self, slug: str, detail: str) -> None:
        """Note that a section's listing could not be read whole; the first cause is kept."""
        self._write(
            "UPDATE section SET problem = coalesce(problem, ?) WHERE slug = ?", (detail[:MAX_DETAIL], slug)
        )

    def listing_page(
        self,
        section: str,
        page: int,
        *,
        walk: int,
        total: int | None,
        shown: int,
        pages: int | None,
        last: bool,
    ) -> None:
        """Note one listing page that was read; ``walk`` counts how often the section was walked from its first page."""
        self._write(
            "INSERT OR REPLACE INTO listing_page VALUES (?, ?, ?, ?, ?, ?, ?)",
            (section, walk, page, total, shown, pages, last),
        )

    def sections(self) -> list[SectionEntry]:
        """Return one entry for each section, sorted by key; its pages are those of the last walk."""
        # One scan of the sightings; a join with each section's last walk would scan them for each section.
        seen = {
            (slug, walk): n
            for slug, walk, n in self._db.execute(
                "SELECT section, walk, count(*) FROM sighting GROUP BY section, walk"
            )
        }
        last_walk = dict(self._db.execute("SELECT section, max(walk) FROM listing_page GROUP BY section"))
        out = []
        for slug, title, category, content_type, problem in self._db.execute(
            "SELECT * FROM section ORDER BY slug"
        ):
            rows = self._db.execute(
                "SELECT page, total, shown, pages, last FROM listing_page WHERE section = ? AND walk = ?"
                " ORDER BY page",
                (slug, last_walk.get(slug)),
            ).fetchall()
            totals = dict.fromkeys(total for _, total, *_ in rows if total is not None)
            stated = [pages for *_, pages, _ in rows if pages is not None]
            out.append(
                SectionEntry(
                    key=slug,
                    title=title,
                    category=category,
                    content_type=content_type,
                    problem=problem,
                    totals=tuple(totals),
                    pages={page: shown for page, _, shown, _, _ in rows},
                    pages_stated=stated[-1] if stated else None,
                    ended=any(last for *_, last in rows),
                    seen=seen.get((slug, last_walk.get(slug)), 0),
                )
            )
        return out

    def tags(self) -> set[str]:
        """Return the sections that are tags, which collect articles of other sections."""
        rows = self._db.execute("SELECT slug FROM section WHERE content_type = 'tag'")
        return {slug for (slug,) in rows}

    # ---- articles

    def sighting(
        self, article_id: str, section: str, columns: Mapping[str, Any] | str, *, walk: int = 1
    ) -> None:
        """Note that the listing of ``section`` showed an article; ``columns`` may be ``encode``d already."""
        self._write(
            "INSERT OR REPLACE INTO sighting VALUES (?, ?, ?, ?)", (article_id, section, walk, _text(columns))
        )

    def sighted(self, article_id: str, section: str, walk: int) -> dict[str, Any] | None:
        """Return the columns that the list of ``section`` gave an article in this walk; None if it did not show it."""
        row = self._db.execute(
            "SELECT columns FROM sighting WHERE article_id = ? AND section = ? AND walk = ?",
            (article_id, section, walk),
        ).fetchone()
        return decode(row[0]) if row else None

    def unshown(self) -> Iterator[tuple[str, str | None, bool]]:
        """Iterate over articles that were read and that the list of their own section did not show, sorted by id.

        Each comes with the section that its page states, if any, and whether another list showed it. One without a
        section is among them only if no list showed it.
        """
        for article_id, section, listed in self._db.execute(
            "WITH read AS (SELECT article_id AS id, json_extract(columns, '$.section') AS own FROM article"
            " WHERE outcome IN ('fetched', 'carried'))"
            " SELECT id, own, EXISTS (SELECT 1 FROM sighting WHERE article_id = id) FROM read WHERE NOT EXISTS"
            " (SELECT 1 FROM sighting WHERE article_id = id AND section = coalesce(own, section)) ORDER BY id"
        ):
            yield article_id, section, bool(listed)

    def is_listed(self, article_id: str) -> bool:
        """Tell whether a listing of this crawl showed the article."""
        found = self._db.execute(
            "SELECT 1 FROM sighting WHERE article_id = ? LIMIT 1", (article_id,)
        ).fetchone()
        return found is not None

    def expect(self, article_id: str, reason: str) -> bool:
        """Note that the article's page is due, and why; False when it was due before, was fetched, or is gone."""
        with self.transaction():
            entered = self._write(
                "INSERT INTO article (article_id, outcome) VALUES (?, 'expected') ON CONFLICT (article_id) DO UPDATE"
                " SET outcome = 'expected', detail = NULL WHERE outcome NOT IN ('expected', 'fetched', 'gone')",
                (article_id,),
            ).rowcount
            if entered:
                self._write("INSERT INTO due (article_id, reason) VALUES (?, ?)", (article_id, reason))
        return bool(entered)

    def take_due(self, count: int) -> list[tuple[str, str]]:
        """Take the next (article, reason) from the articles that are due, in the order in which they were noted."""
        with self.transaction():
            rows = self._write(
                "SELECT place, article_id, reason FROM due ORDER BY place LIMIT ?", (count,)
            ).fetchall()
            if rows:
                self._write("DELETE FROM due WHERE place <= ?", (rows[-1][0],))
        return [(article_id, reason) for _, article_id, reason in rows]

    def left_out(self, detail: str, count: int) -> list[str]:
        """Return the first articles that were settled as listed with ``detail``, in the order of the lists."""
        rows = self._db.execute(
            "SELECT article_id FROM article WHERE outcome = 'listed' AND detail = ? ORDER BY rowid LIMIT ?",
            (detail, count),
        )
        return [article_id for (article_id,) in rows.fetchall()]

    def settle(
        self,
        article_id: str,
        outcome: Outcome,
        detail: str | None = None,
        columns: Mapping[str, Any] | None = None,
    ) -> None:
        """Note the outcome of an article whose page was not read; never undoes ``fetched``."""
        self._write(
            "INSERT INTO article (article_id, outcome, columns, detail) VALUES (?, ?, ?, ?) ON CONFLICT (article_id)"
            " DO UPDATE SET outcome = excluded.outcome, columns = coalesce(excluded.columns, columns),"
            " detail = excluded.detail WHERE outcome != 'fetched'",
            (
                article_id,
                outcome,
                encode(columns) if columns else None,
                detail[:MAX_DETAIL] if detail else None,
            ),
        )

    def gone(self, article_id: str, url: str, status: int, at: dt.datetime) -> None:
        """Note that the article's own page answered 404 or 410; never undoes ``fetched``."""
        self._write(
            "INSERT INTO article (article_id, outcome, columns, detail) VALUES (?, 'gone', ?, ?)"
            " ON CONFLICT (article_id) DO UPDATE SET outcome = 'gone', columns = excluded.columns,"
            " detail = excluded.detail WHERE outcome != 'fetched'",
            (article_id, encode({"url": url, "status": status, "fetched_at": at}), f"HTTP {status}"),
        )

    def validated(self, article_id: str, columns: Mapping[str, Any]) -> None:
        """Note that the server answered 304: the article is carried over, with ``columns`` as its new values."""
        self._write(
            "INSERT INTO article (article_id, outcome, columns) VALUES (?, 'carried', ?) ON CONFLICT (article_id)"
            " DO UPDATE SET outcome = 'carried', columns = excluded.columns",
            (article_id, encode(columns)),
        )

    def fetched(
        self,
        article_id: str,
        columns: Mapping[str, Any] | str,
        body: Body | None,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> None:
        """Keep an article's columns (which may be ``encode``d already), validators and body: all or nothing."""
        with self.transaction():
            if body is not None:
                self._write(
                    "INSERT INTO body VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (body.sha256, body.text, body.markdown, body.html),
                )
            self._write(
                "INSERT INTO article (article_id, outcome, columns, etag, last_modified)"
                " VALUES (?, 'fetched', ?, ?, ?) ON CONFLICT (article_id) DO UPDATE SET outcome = 'fetched',"
                " columns = excluded.columns, detail = NULL, etag = excluded.etag,"
                " last_modified = excluded.last_modified",
                (article_id, _text(columns), etag, last_modified),
            )
            self._unflushed += 1
            if self._unflushed >= _FLUSH_EVERY:
                self.flush()

    def validators(self) -> Iterator[tuple[str, str | None, str | None]]:
        """Iterate over (article id, ETag, Last-Modified), where the server gave one."""
        yield from self._db.execute(
            "SELECT article_id, etag, last_modified FROM article WHERE coalesce(etag, last_modified) IS NOT NULL"
        )

    def carried(self) -> Iterator[str]:
        """Iterate over the articles that are carried over."""
        for (article_id,) in self._db.execute("SELECT article_id FROM article WHERE outcome = 'carried'"):
            yield article_id

    def outcome(self, article_id: str) -> Outcome | None:
        """Return the outcome of an article, or None for one that was never found."""
        row = self._db.execute("SELECT outcome FROM article WHERE article_id = ?", (article_id,)).fetchone()
        return row[0] if row else None

    def articles(self) -> set[str]:
        """Return the articles that have an outcome."""
        return {article_id for (article_id,) in self._db.execute("SELECT article_id FROM article")}

    def gone_articles(self) -> set[str]:
        """Return the articles whose own page answered 404 or 410."""
        rows = self._db.execute("SELECT article_id FROM article WHERE outcome = 'gone'")
        return {article_id for (article_id,) in rows}

    def outcomes(self) -> Counter[str]:
        """Return the number of articles by outcome."""
        return Counter(
            dict(self._db.execute("SELECT outcome, count(*) FROM article GROUP BY outcome ORDER BY 1"))
        )

    def entries(self) -> Iterator[Entry]:
        """Iterate over every article that was found, sorted by its id."""
        rows = self._db.execute(
            "SELECT article_id, outcome, columns, detail FROM article UNION ALL"
            " SELECT DISTINCT article_id, 'listed', NULL, NULL FROM sighting"
            " WHERE article_id NOT IN (SELECT article_id FROM article) ORDER BY 1"
        )
        # The sightings, in the same order, from one query.
        seen = self._db.execute(
            "SELECT article_id, section, columns FROM sighting ORDER BY article_id, section"
        )
        shown = groupby(seen, itemgetter(0))
        next_id, sightings = next(shown, (None, ()))
        for article_id, outcome, columns, detail in rows:
            here: dict[str, dict[str, Any]] = {}
            if next_id == article_id:
                here = {section: decode(text) for _, section, text in sightings}
                next_id, sightings = next(shown, (None, ()))
            yield Entry(article_id, outcome, decode(columns) if columns else None, detail, here)

    def bodies(self) -> Iterator[Body]:
        """Iterate over the bodies that were read, sorted by key."""
        for row in self._db.execute("SELECT sha256, text, markdown, html FROM body ORDER BY sha256"):
            yield Body(*row)


def _text(columns: Mapping[str, Any] | str) -> str:
    return columns if isinstance(columns, str) else encode(columns)
