"""Recorded and saved answers: re-extraction, captures of web archives, saved pages."""
