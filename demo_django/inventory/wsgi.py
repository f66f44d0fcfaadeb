"""The WSGI entry: ``gunicorn inventory.wsgi``, and what runserver serves."""

import os

from django.core.wsgi import get_wsgi_application

from wsgi_nocontent import NoContentMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inventory.settings")

bare = get_wsgi_application()
application = NoContentMiddleware(bare)
