"""Settings of the demo. Its things are kept in memory, so it needs no database."""

SECRET_KEY = "only the demo is signed with this"  # noqa: S105
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "inventory.urls"
# runserver serves this too, so it has the middleware as well.
WSGI_APPLICATION = "inventory.wsgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
