"""Turn raw text into typed values. Pure functions; each names its changes."""
