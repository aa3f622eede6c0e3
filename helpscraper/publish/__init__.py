"""Publish an archive as static pages (``report``) and as Atom feeds (``feed``); both use these modules.

model         data classes for the contents of pages
tables        tables in DuckDB: change records with their owners, view counts
load          read those tables into the classes of ``model``
story         fold change records into the history of an article and the rows of a crawl's page
translations  the same article in other locales
sanitise      remove everything unsafe from an article's HTML and its URLs
manifest      digests of the inputs of each page, kept from one build to the next
jobs          run the jobs of a build in several processes
"""
