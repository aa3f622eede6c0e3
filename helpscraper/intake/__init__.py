"""Findings into the ledger, the ledger into rows: one way for a crawl, an import and a re-extraction."""
