"""Any other help centre: its sitemap or feed lists the pages, and each page is read by what most sites have in common.

addresses    the key of an article is its path; which addresses are lists
lists        robots.txt, sitemaps and feeds, read as a stream
linked_data  what a page states of itself as JSON-LD
measure      how much text each element holds
content      the part of a page that is its own
article      one article page
platform     the walk, and the claim: a list proves neither an absence nor that an article did not change
"""
