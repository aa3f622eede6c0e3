"""Thin Scrapy pipelines over pure cores."""
