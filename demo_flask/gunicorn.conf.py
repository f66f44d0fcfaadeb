"""What gunicorn reads by itself in this directory."""

worker_class = "gthread"
threads = 4
keepalive = 5
