"""The WSGI entry: ``gunicorn wsgi:bare`` to see the fault, ``gunicorn wsgi`` without it."""

from app import app

from wsgi_nocontent import NoContentMiddleware

bare = app
application = NoContentMiddleware(bare)
