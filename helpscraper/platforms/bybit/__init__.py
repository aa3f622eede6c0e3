"""Bybit's help centre, by the state of its pages.

addresses   the addresses of topics and articles; the key of an article is the name in its address
pages       the topics, one topic with all its articles, one article
"""
