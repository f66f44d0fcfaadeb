"""The job within Flask."""

from __future__ import annotations

from flask import Flask, Response, jsonify, make_response

from benchmarks.contenders.by_hand import NO_CONTENT

app = Flask(__name__)


@app.get("/200")
def content() -> str:
    """What nearly every request gets."""
    return "hello"


@app.get("/205")
def bad_reset() -> Response:
    """Werkzeug itself mends a 204."""
    return make_response(jsonify(None), 205)


def empty(response: Response) -> Response:
    """Empty a response without content."""
    if response.status[:3] in NO_CONTENT:
        response.response = []
        del response.headers["Content-Length"]
    return response


def middleware(flask: Flask) -> Flask:
    """Have Flask call it after each request."""
    flask.after_request(empty)
    return flask
