"""The article's app: one view that is right, one that is wrong, and one with content."""

from __future__ import annotations

from flask import Flask, Response, jsonify, make_response

app = Flask(__name__)


@app.route("/good_no_content")
def good_no_content() -> Response:
    response = make_response("", 204)
    response.mimetype = "application/json"
    return response


@app.route("/bad_no_content")
def bad_no_content() -> Response:
    return make_response(jsonify(None), 204)


@app.route("/items/3")
def item() -> Response:
    return jsonify(name="cocoa")
