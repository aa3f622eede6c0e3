"""Changes between snapshots, in text and in time. Reads tables, never the network."""
