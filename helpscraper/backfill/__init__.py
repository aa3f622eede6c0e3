"""History from before the first crawl: captures of public web archives, fetched politely and imported.

answers     read what a CDX index answers: CDXJ, JSON lines, the Wayback Machine's arrays, and columns of text
choose      decide which captures are worth fetching
coverage    count by year what became of the captures
"""
