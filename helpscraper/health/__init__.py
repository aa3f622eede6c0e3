"""May a snapshot be committed, what drifted on the site, and who is told."""
