"""The report: an archive as static pages that open from disk.

model         data classes for the contents of pages
span          the snapshots of each edition that a report covers
tables        tables in DuckDB: change records with their owners, view counts
load          read those tables into the classes of ``model``
crawls        the runs of an edition
translations  the same article in other locales
story         fold change records into the history of an article and the rows of a crawl's page
indexes       search words and view counts from the tables
search        the offline search index, in shards of script
plots         the figures, for pages and notebooks
sanitise      remove everything unsafe from an article's HTML and its URLs
render        the HTML of a page; knows no archive
edition       the pages of one site and locale, and the inputs of each
manifest      digests of the inputs of each page, kept from one build to the next
build         render the pages whose inputs have changed, in several processes

File names are digests of article ids or instants of snapshots, never words from the site.
"""
