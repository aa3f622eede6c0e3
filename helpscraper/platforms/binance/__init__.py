"""Binance's announcements, by the JSON answers that its own pages ask for.

addresses   the addresses of pages and answers; the key of an article is its code
answers     lists of titles by catalog, and whole articles whose body is a tree of nodes
"""
