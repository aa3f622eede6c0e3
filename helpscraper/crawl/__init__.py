"""One crawl from its first request to its one commit: ledger, plan, completeness, health, lock, commit."""
