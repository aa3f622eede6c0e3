"""An archive as static pages and as Atom feeds."""
