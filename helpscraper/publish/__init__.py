"""Publish an archive as static pages and as Atom feeds."""
