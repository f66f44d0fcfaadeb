"""A small shop's API in Flask, with the views that people write when nobody looks.

Two views that answer 204, things kept in memory, and an old WSGI application that
nobody dares to touch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, make_response, request, send_file
from legacy import legacy
from werkzeug.middleware.dispatcher import DispatcherMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.typing import ResponseReturnValue

REPORT = Path(__file__).with_name("report.csv")

app = Flask(__name__)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/legacy": legacy})  # type: ignore[method-assign]

items: dict[int, dict[str, str]] = {}


def fill() -> None:
    items.clear()
    items.update({1: {"name": "tea"}, 2: {"name": "coffee"}, 3: {"name": "cocoa"}})


fill()


@app.get("/good_no_content")
def good_no_content() -> Response:
    response = make_response("", 204)
    response.mimetype = "application/json"
    return response


@app.get("/bad_no_content")
def bad_no_content() -> Response:
    return make_response(jsonify(None), 204)


@app.get("/items")
def list_items() -> Response:
    return jsonify(items)


@app.post("/items")
def add_item() -> ResponseReturnValue:
    number = max(items, default=0) + 1
    items[number] = {"name": request.get_json()["name"]}
    return jsonify(items[number]), 201, {"Location": f"/items/{number}"}


@app.get("/items/<int:number>")
def get_item(number: int) -> ResponseReturnValue:
    if number not in items:
        return jsonify(error="no such item"), 404
    etag = '"{}"'.format(items[number]["name"])
    status = 304 if request.headers.get("If-None-Match") == etag else 200
    return jsonify(items[number]), status, {"ETag": etag}


@app.delete("/items/<int:number>")
def delete_item(number: int) -> ResponseReturnValue:
    return jsonify(items.pop(number, None)), 204


@app.post("/reset")
def reset() -> ResponseReturnValue:
    fill()
    return jsonify(None), 205


@app.get("/export")
def export() -> Response:
    def lines() -> Iterator[str]:
        for number, item in items.items():
            yield f"{number},{item['name']}\n"

    return Response(lines(), mimetype="text/csv")


@app.get("/report")
def report() -> Response:
    return send_file(REPORT)  # through wsgi.file_wrapper
