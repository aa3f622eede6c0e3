"""History from before the first crawl: captures of public web archives, fetched politely and imported.

answers     read what a CDX index answers: CDXJ, JSON lines, the Wayback Machine's arrays, and columns of text
choose      decide which captures are worth fetching
client      ask a web archive for one thing at a time, slowly, within bounds
coverage    count by year what became of the captures
fetch       fetch what was chosen
index_cache answers of an index, kept until everything is fetched
kept        the WARC file in which it is kept
records     make records of what an archive gave, and check them against its index
run         one backfill, from the index to the import
sources     the archives: Common Crawl, and an index with a raw replay beside it
"""
