"""GitBook: ``llms.txt`` lists every published page; with ``.md`` behind its address, a page is served as Markdown.

addresses   the key of an article is its path
index       ``llms.txt``
pages       a page's Markdown, without what GitBook writes around it
"""
