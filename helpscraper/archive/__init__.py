"""The archive on disk: every path, the schema, how a snapshot is committed and read."""
