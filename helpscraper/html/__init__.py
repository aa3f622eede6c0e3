"""Any page: parse it once; the body of an article as text, Markdown and HTML."""
