"""Scrapy extensions and middlewares."""
