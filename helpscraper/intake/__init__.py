"""Findings into the ledger, the ledger into rows: one way for a crawl, an import and a re-extraction.

enter                 the only way from the findings of a response to the ledger
reading               the item of the pipelines: an article as one page shows it
notes                 entries for a ledger, as worker processes send them
ledger, ledger_file   the SQLite file of a running crawl
entries               one article and one section, as the ledger holds them
completeness          was a listing read whole
merge                 an entry and its earlier row become one row
row_counts            the counts of rows for the health checks
interface_comparison  a site's JSON interface and its pages: the differences

The words of this code:

listing, list  pages that show rows of articles: a section, a tag, search results
row            one article in a snapshot; also one article in a listing, where the text says so
reading        an article as one page or one row of a listing shows it
sighting       the columns of an article in one listing, as the ledger keeps them
walk           reading a listing from its first page; a listing that changes meanwhile is walked again
outcome        what became of an article in a crawl: ``fetched``, ``carried``, ``gone`` … (``entries.Outcome``)
due            an article whose own page is still to be fetched
whole          a listing that was read from its first page to its last, without a change meanwhile
hole           a page or listing that a crawl could not read; with one the crawl is not complete
gone           the article's own page answered 404 or 410: a statement of the site
absent         the article's address leads to no article any more, without a 404
lost           the archive lacks something it once held: a row (``archive.lost_rows``) or a snapshot file
witness        the argument (``-a witness=``) and the run fact of the JSON interface
"""
