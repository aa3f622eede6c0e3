"""Read pages: a URL and HTML in, raw fields out. Nothing here knows Scrapy, a clock or the network."""
