"""``python -m helpscraper``."""

import sys

from helpscraper.cli import main

sys.exit(main())
