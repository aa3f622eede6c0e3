"""A small invented help centre in the shapes of the real one, served on loopback."""
