"""Document360: the state of every page holds the tree of all categories and articles; an article is read from its page.

addresses   the key of an article is the last part of its address
state       the tree
pages       one article
"""
