"""Fuzz the reader of flattened text: ``python tests/fuzz/fuzz_text.py -max_total_time=300``.

Needs ``pip install atheris``. Any exception is a finding, and so is a row whose title or snippet does not stand in
the text, or a settled page that settles differently a second time.
"""

from __future__ import annotations

import sys


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["helpscraper"]):
        from helpscraper.normalise.titles import normalise_title
        from helpscraper.platforms.okx.text import read_text, settle
        from helpscraper.platforms.okx.words import ALL_TAB, categories
        from helpscraper.sites import get_site

    tags = sorted(set(get_site("okx").locales.values()))
    kinds = ("search", "section", "article", None)
    pieces = ["\n", "\n- ", "FAQ", "150", "1,830", "1 830", "7", "20", "X title", "3 ways", "2FA", "snippet."]
    pieces += [
        "Published on Sep 4, 2024",
        "Updated on Mar 10, 2026",
        "Updated on Mar 16, 20",
        "Published on ",
    ]
    pieces += [
        "Publisert 16. aug. 2023",
        "Oppdatert 29. jan. 2026",
        "发布于 2023年8月28日",
        "更新于 2024年6月7日",
    ]
    pieces += [
        "تم النشر في 22 أغسطس 2023",
        "تم التحديث في 29 يناير 2026",
        "الأسئلة الشائعة",
        "5 min read",
        " ",
    ]
    pieces += [*(word for words in ALL_TAB.values() for word in words), *sorted(categories().titles())]

    def text_of(data: atheris.FuzzedDataProvider) -> str:
        parts = []
        for _ in range(data.ConsumeIntInRange(0, 40)):
            if data.ConsumeIntInRange(0, 3):
                parts.append(pieces[data.ConsumeIntInRange(0, len(pieces) - 1)])
            else:
                parts.append(data.ConsumeUnicode(data.ConsumeIntInRange(0, 20)))
        return "".join(parts)

    def one(raw: bytes) -> None:
        data = atheris.FuzzedDataProvider(raw)
        locale = tags[data.ConsumeIntInRange(0, len(tags) - 1)]
        kind = kinds[data.ConsumeIntInRange(0, 3)]
        text = text_of(data)
        page = read_text(text, url=data.ConsumeUnicode(40), locale=locale, kind=kind)
        visible = normalise_title(text)
        slugs = [row.raw.key for row in page.rows]
        assert len(set(slugs)) == len(slugs), ("one slug twice", text, slugs)
        for row in page.rows:
            assert row.views is None or row.views >= 0
            assert row.raw.title is None or normalise_title(row.raw.title) == row.raw.title
            assert len(row.title) <= len(visible) + 1, ("title longer than the text", text)
        again = settle(page.rows)
        assert [row.title for row in again] == [row.title for row in page.rows], ("settles twice", text)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
