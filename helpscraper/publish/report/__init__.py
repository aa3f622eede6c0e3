"""The report: an archive as static pages that open from disk.

span      the snapshots of each edition that a report covers
crawls    the runs of an edition
indexes   search words and view counts from the tables
contents  the index of sections and that of articles
lists     the rows of the pages that list changes of several crawls
search    the offline search index, in shards of script
plots     the figures, for pages and notebooks
render    the HTML of a page; knows no archive
edition   the pages of one site and locale, and the inputs of each
build     render the pages whose inputs have changed, in several processes

File names are digests of article ids or instants of snapshots, never words from the site.
"""
