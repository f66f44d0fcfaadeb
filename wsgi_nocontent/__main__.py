"""``python -m wsgi_nocontent`` is ``wsgi-nocontent``."""

import sys

from .cli import main

sys.exit(main())
