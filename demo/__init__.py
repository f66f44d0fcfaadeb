"""``make demo``: both demo apps behind gunicorn, bare and wrapped, asked over raw sockets."""
