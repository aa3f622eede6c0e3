"""Fuzz the normalisers: ``python tests/fuzz/fuzz_normalise.py -max_total_time=300``.

Needs ``pip install atheris``. Any exception is a finding, and so is a broken promise: idempotence, a date that has
both a value and a problem or neither, a year that does not stand in the text.
"""

from __future__ import annotations

import sys


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["helpscraper"]):
        from helpscraper.normalise.counts import parse_count, parse_reading_minutes
        from helpscraper.normalise.dates import parse_date, parse_instant
        from helpscraper.normalise.phrases import PHRASES
        from helpscraper.normalise.titles import normalise_title
        from helpscraper.normalise.words import count_words
        from helpscraper.sites import get_site

    okx = get_site("okx")
    tags = sorted(set(okx.locales.values()))
    # Pieces that real lines are made of; bytes choose among them, so that the fuzzer need not invent Arabic months.
    pieces = [marker for phrases in PHRASES.values() for marker in (*phrases.published, *phrases.updated)]
    pieces += [phrase.replace("{n}", "5") for phrases in PHRASES.values() for phrase in phrases.reading]
    pieces += "Sep|нояб.|أغسطس|thg 11|年|月|日|août|de fev. de|г.|р.".split("|")
    pieces += "2024|٢٠٢٤|２０２４|20|1|31|, |. |/|1,234|1.2K|\u202f|\u200f| ".split("|")
    pieces += "&amp;|&lt;|&#x200b;|\u200d|👩|❤️|e\u0301|\ud800|\u0000".split("|")

    def text_of(data: atheris.FuzzedDataProvider) -> str:
        parts = []
        for _ in range(data.ConsumeIntInRange(0, 8)):
            if data.ConsumeBool():
                parts.append(pieces[data.ConsumeIntInRange(0, len(pieces) - 1)])
            else:
                parts.append(data.ConsumeUnicode(data.ConsumeIntInRange(0, 30)))
        return "".join(parts)

    def one(raw: bytes) -> None:
        data = atheris.FuzzedDataProvider(raw)
        locale = tags[data.ConsumeIntInRange(0, len(tags) - 1)]
        text = text_of(data)
        once = normalise_title(text)
        assert normalise_title(once) == once, ("not idempotent", text)
        date = parse_date(text, locale)
        assert (date.date is None) == (date.problem is not None), ("date and problem", text, date)
        if date.date is not None:
            digits = "".join(str(int(char)) if char.isdecimal() else char for char in text)
            assert f"{date.date.year:04}" in digits, ("invented year", text, date)
        instant = parse_instant(text)
        assert (instant.instant is None) == (instant.problem is not None), ("instant", text, instant)
        parse_instant(data.ConsumeInt(9))
        count = parse_count(text, locale)
        assert (count.value is None) == (count.problem is not None), ("count", text, count)
        parse_reading_minutes(text, locale)
        okx.categories.find(text, locale)
        okx.sections.find(text, locale)
        count_words(text)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
