"""Zendesk Guide: by its public JSON API (``Zendesk``) or, where that is closed, by its pages (``ZendeskPages``).

addresses   the grammar that both share; the key of an article is its number
api         articles with their bodies, a hundred an answer
pages       home, category, section and article pages of four generations of themes
"""
