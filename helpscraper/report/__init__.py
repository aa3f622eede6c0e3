"""The report: an archive as static pages that open from disk.

model     what a page shows, as plain records; pure functions that fold change records into an article's story
load      archive -> those records; the only module here that asks the archive
search    the offline index: texts -> shards of script
plots     the figures, for the pages and for notebooks alike
sanitise  what is let through of an article's own HTML, and of its addresses
render    records -> HTML, formatting only; knows no archive
build     which pages have other inputs than last time, and the processes that render them

A page's name is made of a digest of the article's id or of a snapshot's instant, never of words from the site.
"""
