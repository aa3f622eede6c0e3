"""The words that the help centre puts around dates, counts and rows, by language. Facts only; no behaviour.

Every phrase was read in stored text of the real site (2025-2026) unless it stands in ``inferred``: those
follow the site's wording in other places, were not seen themselves, and are used for recognising only.
``{n}`` stands for the minutes. A colon is written without the space that French puts before it; readers
accept both.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PHRASES", "Phrases"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words of one language.

    ``published`` and ``updated`` stand before a date. ``all_tab`` names the tab of all categories; ``faq``,
    ``announcements`` and ``products`` hold the tab's word and the label of a row, which may differ.
    ``reading`` holds the reading time. ``inferred`` names the phrases here that were not seen on the site.
    """

    published: tuple[str, ...]
    updated: tuple[str, ...]
    all_tab: tuple[str, ...]
    faq: tuple[str, ...]
    announcements: tuple[str, ...]
    products: tuple[str, ...]
    reading: tuple[str, ...]
    inferred: frozenset[str] = frozenset()


PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        published=("Published on",),
        updated=("Updated on",),
        all_tab=("All",),
        faq=("FAQ",),
        # The singular was seen as a row's label under pt-pt.
        announcements=("Announcements", "Announcement"),
        # "Product documents" on the tab, "Product documentation" on the row.
        products=("Product documents", "Product documentation"),
        reading=("{n} min read",),
    ),
    "sv": Phrases(
        published=("Publicerad den",),
        updated=("Uppdaterad den",),
        all_tab=("Alla",),
        faq=("Vanliga frågor", "FAQ"),
        announcements=("Meddelanden", "Tillkännagivanden"),
        products=("Produktdokument", "Produktdokumentation"),
        reading=("{n} min läsning", "Lästid: {n} min", "{n} minuters läsning"),
        inferred=frozenset(
            (
                "Alla",
                "Vanliga frågor",
                "FAQ",
                "Meddelanden",
                "Tillkännagivanden",
                "{n} min läsning",
                "Lästid: {n} min",
                "{n} minuters läsning",
            )
        ),
    ),
    "nb": Phrases(
        published=("Publisert",),
        updated=("Oppdatert",),
        all_tab=("Alle",),
        faq=("Vanlige spørsmål",),
        announcements=("Kunngjøringer",),
        products=("Produktdokumenter", "Produktdokumentasjon"),
        reading=("{n} minutter å lese", "{n} minutt å lese"),
        inferred=frozenset({"Produktdokumentasjon", "{n} minutt å lese"}),
    ),
    "fi": Phrases(
        published=("Julkaistu",),
        updated=("Päivitetty",),
        all_tab=("Kaikki",),
        faq=("Usein kysytyt kysymykset", "UKK"),
        announcements=("Ilmoitukset",),
        products=("Tuoteasiakirjat", "Tuotedokumentaatio"),
        reading=("Lukuaika: {n} minuuttia", "Lukuaika: {n} minuutti"),
        inferred=frozenset(
            (
                "Kaikki",
                "Usein kysytyt kysymykset",
                "UKK",
                "Ilmoitukset",
                "Tuoteasiakirjat",
                "Tuotedokumentaatio",
                "Lukuaika: {n} minuutti",
            )
        ),
    ),
    "cs": Phrases(
        published=("Publikováno dne",),
        updated=("Aktualizováno dne",),
        all_tab=("Vše",),
        faq=("Časté dotazy", "Nejčastější dotazy"),
        announcements=("Oznámení",),
        products=("Dokumentace k produktu", "Dokumenty k produktům", "Produktová dokumentace"),
        reading=("Doba čtení: {n} min",),
        inferred=frozenset(
            (
                "Vše",
                "Časté dotazy",
                "Nejčastější dotazy",
                "Oznámení",
                "Dokumentace k produktu",
                "Dokumenty k produktům",
                "Produktová dokumentace",
            )
        ),
    ),
    "fr": Phrases(
        published=("Date de publication:",),
        updated=("Date de mise à jour:",),
        all_tab=("Tout",),
        faq=("FAQ",),
        announcements=("Annonces",),
        products=("Documentation de produit", "Documentation produit"),
        reading=("Lecture de {n} min",),
    ),
    "it": Phrases(
        published=("Data di pubblicazione:",),
        updated=("Data di aggiornamento:",),
        all_tab=("Tutto", "Tutti"),
        faq=("Domande frequenti", "FAQ"),
        announcements=("Annunci",),
        products=("Documenti di prodotto", "Documentazione di prodotto", "Documentazione del prodotto"),
        reading=("{n} minuti di lettura", "{n} minuto di lettura"),
        inferred=frozenset(
            (
                "Tutto",
                "Tutti",
                "Domande frequenti",
                "FAQ",
                "Annunci",
                "Documenti di prodotto",
                "Documentazione di prodotto",
                "Documentazione del prodotto",
                "{n} minuto di lettura",
            )
        ),
    ),
    "pt-PT": Phrases(
        published=("Publicado a",),
        updated=("Atualizado a",),
        all_tab=("Tudo", "Todos"),
        faq=("Perguntas frequentes", "FAQ"),
        announcements=("Comunicados",),
        products=("Documentos do produto", "Documentação do produto"),
        reading=("{n} min de leitura", "Leitura de {n} min"),
        inferred=frozenset(
            (
                "Tudo",
                "Todos",
                "Perguntas frequentes",
                "FAQ",
                "Documentos do produto",
                "Documentação do produto",
                "{n} min de leitura",
                "Leitura de {n} min",
            )
        ),
    ),
    "pt-BR": Phrases(
        published=("Publicado em",),
        updated=("Atualizado em",),
        all_tab=("Tudo", "Todos"),
        faq=("Perguntas frequentes",),
        announcements=("Avisos",),
        products=("Documentos do produto", "Documentação do produto"),
        reading=("{n} min de leitura", "Leitura de {n} min"),
        inferred=frozenset({"Todos", "Documentação do produto", "{n} min de leitura", "Leitura de {n} min"}),
    ),
    "ar": Phrases(
        published=("تم النشر في",),
        updated=("تم التحديث في",),
        all_tab=("الكل",),
        faq=("الأسئلة الشائعة",),
        # The tab's word is misspelt on the site; the row's label is not.
        announcements=("الإعلامات", "الإعلانات"),
        products=("مستندات المنتجات", "مستندات المنتج"),
        reading=("{n} دقيقة قراءة", "{n} دقائق قراءة"),
        inferred=frozenset({"مستندات المنتج", "{n} دقائق قراءة"}),
    ),
    "zh-Hans": Phrases(
        published=("发布于",),
        updated=("更新于",),
        all_tab=("全部",),
        faq=("常见问题",),
        announcements=("公告",),
        products=("产品文档",),
        reading=("阅读时长 {n} 分钟",),
        inferred=frozenset({"全部", "常见问题", "公告", "产品文档"}),
    ),
    "zh-Hant": Phrases(
        published=("發佈於",),
        updated=("更新於",),
        all_tab=("全部",),
        faq=("常見問題",),
        announcements=("公告",),
        products=("產品文檔",),
        reading=("閱讀時長 {n} 分鐘",),
    ),
    "de": Phrases(
        published=("Veröffentlicht am",),
        updated=("Aktualisiert am",),
        all_tab=("Alle",),
        faq=("Häufig gestellte Fragen", "FAQ"),
        announcements=("Ankündigungen", "Mitteilungen"),
        products=("Produktdokumente", "Produktdokumentation"),
        reading=("Lesezeit: {n} Min.",),
        inferred=frozenset(
            (
                "Alle",
                "Häufig gestellte Fragen",
                "FAQ",
                "Ankündigungen",
                "Mitteilungen",
                "Produktdokumente",
                "Produktdokumentation",
            )
        ),
    ),
    "es": Phrases(
        published=("Publicado el",),
        updated=("Actualizado el",),
        all_tab=("Todo", "Todos"),
        faq=("Preguntas frecuentes",),
        announcements=("Anuncios",),
        products=("Documentos de producto", "Documentación del producto", "Documentación de producto"),
        reading=("lectura de {n} min",),
        inferred=frozenset(
            (
                "Todo",
                "Todos",
                "Preguntas frecuentes",
                "Anuncios",
                "Documentos de producto",
                "Documentación del producto",
                "Documentación de producto",
            )
        ),
    ),
    "nl": Phrases(
        published=("Gepubliceerd op",),
        updated=("Geüpdatet op",),
        all_tab=("Alle", "Alles"),
        faq=("Veelgestelde vragen",),
        announcements=("Aankondigingen",),
        products=("Productdocumenten", "Productdocumentatie"),
        reading=("{n} min. leestijd",),
        inferred=frozenset(
            (
                "Alle",
                "Alles",
                "Veelgestelde vragen",
                "Aankondigingen",
                "Productdocumenten",
                "Productdocumentatie",
            )
        ),
    ),
    "pl": Phrases(
        published=("Opublikowano",),
        updated=("Zaktualizowano",),
        all_tab=("Wszystko", "Wszystkie"),
        faq=("Często zadawane pytania", "Najczęściej zadawane pytania"),
        announcements=("Ogłoszenia",),
        products=("Dokumenty produktu", "Dokumentacja produktu"),
        reading=("{n} min czytania",),
        inferred=frozenset(
            (
                "Wszystko",
                "Wszystkie",
                "Często zadawane pytania",
                "Najczęściej zadawane pytania",
                "Ogłoszenia",
                "Dokumenty produktu",
                "Dokumentacja produktu",
            )
        ),
    ),
    "ro": Phrases(
        published=("Publicat la",),
        updated=("Actualizat la",),
        all_tab=("Tot", "Toate"),
        faq=("Întrebări frecvente",),
        announcements=("Anunțuri",),
        products=("Documente de produs", "Documentația produsului"),
        reading=("{n} min citire",),
        inferred=frozenset(
            (
                "Tot",
                "Toate",
                "Întrebări frecvente",
                "Anunțuri",
                "Documente de produs",
                "Documentația produsului",
            )
        ),
    ),
    "ru": Phrases(
        published=("Опубликовано",),
        updated=("Обновлено",),
        all_tab=("Все",),
        faq=("Часто задаваемые вопросы", "Вопросы и ответы"),
        announcements=("Объявления",),
        products=("Документы по продуктам", "Документация по продуктам", "Документация продукта"),
        reading=("{n} мин на чтение",),
        inferred=frozenset(
            (
                "Обновлено",
                "Все",
                "Часто задаваемые вопросы",
                "Вопросы и ответы",
                "Объявления",
                "Документы по продуктам",
                "Документация по продуктам",
                "Документация продукта",
            )
        ),
    ),
    "uk": Phrases(
        published=("Опубліковано",),
        updated=("Оновлено",),
        all_tab=("Усі", "Усе"),
        faq=("Поширені запитання", "Часті запитання"),
        announcements=("Оголошення",),
        products=("Документи щодо продуктів", "Документація продукту"),
        reading=("{n} хв читання",),
        inferred=frozenset(
            (
                "Усі",
                "Усе",
                "Поширені запитання",
                "Часті запитання",
                "Оголошення",
                "Документи щодо продуктів",
                "Документація продукту",
            )
        ),
    ),
    "vi": Phrases(
        published=("Phát hành vào",),
        updated=("Cập nhật vào",),
        all_tab=("Tất cả",),
        faq=("Câu hỏi thường gặp",),
        announcements=("Thông báo",),
        products=("Tài liệu sản phẩm",),
        reading=("Thời gian đọc: {n} phút",),
        inferred=frozenset(("Tất cả", "Câu hỏi thường gặp", "Thông báo", "Tài liệu sản phẩm")),
    ),
    "id": Phrases(
        published=("Dipublikasikan Pada",),
        updated=("Diperbarui Pada",),
        all_tab=("Semua",),
        faq=("Pertanyaan Umum", "Pertanyaan yang sering diajukan"),
        announcements=("Pengumuman",),
        products=("Dokumen produk", "Dokumentasi produk"),
        reading=("Baca {n} mnt",),
        inferred=frozenset(
            (
                "Semua",
                "Pertanyaan Umum",
                "Pertanyaan yang sering diajukan",
                "Pengumuman",
                "Dokumen produk",
                "Dokumentasi produk",
            )
        ),
    ),
    "tr": Phrases(
        published=("Yayımlama Zamanı:",),
        updated=("Güncelleme Zamanı:",),
        all_tab=("Tümü",),
        faq=("SSS", "Sıkça sorulan sorular"),
        announcements=("Duyurular",),
        products=("Ürün belgeleri", "Ürün dokümanları"),
        reading=("Okuma Süresi: {n} dk",),
        inferred=frozenset(
            ("Tümü", "SSS", "Sıkça sorulan sorular", "Duyurular", "Ürün belgeleri", "Ürün dokümanları")
        ),
    ),
}
