"""Intercom help centres, read by their pages: the API needs a token.

addresses   the grammar; the key of an article or a collection is its number
pages       home, collection and article pages, as they were until about 2023 and as Next.js writes them
platform    the walk, the claim and the signs
"""
