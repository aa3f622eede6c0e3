"""Turn raw text into typed values. Pure functions; each names what it changed."""
