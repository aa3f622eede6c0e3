"""The report: an archive as static pages that open from disk.

model     what a page shows, as plain records
story     change records -> the story of one article, the lines of a crawl's page; pure
span      which snapshots a report covers, in each edition
tables    archive -> tables in DuckDB: change records with their owners, view counts
load      those tables -> records of ``model``; ``crawls`` and ``translations`` likewise, for runs and other locales
indexes   those tables -> data for the browser: words with their documents, view counts
search    the offline index: texts -> shards of script
plots     the figures, for the pages and for notebooks alike
sanitise  what is let through of an article's own HTML, and of its addresses
render    records -> HTML, formatting only; knows no archive
edition   which pages there are of one site and locale, and what each is made of
manifest  what each page was made of last time
build     which pages have other inputs than last time, and the processes that render them

A page's name is made of a digest of the article's id or of a snapshot's instant, never of words from the site.
"""
