"""Decide whether a snapshot may be committed, name changes of the site's layout, and notify people.

checks    all checks of a crawl, over its run facts
verdicts  the checks of the edition, language and region that the host served
drift     extraction rules that stopped matching
notify    send a message when the state of the crawls changes
"""
