"""One suite for both demos, in process and behind gunicorn over HTTP.

WebTest reads a 204 as its client does, so what is really on the wire is for
test_wire.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import webtest

from tests.demos.sites import DEMOS, DEPLOYMENTS, Deployment, Sites, load
from tests.linters import be_lax_about_content_type, wrapped_between_linters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import StartResponse

    from demo.apps import Demo

REPORT = "item,sold\ntea,12\ncoffee,7\ncocoa,3\n"


@pytest.fixture(params=["in_process", *DEPLOYMENTS])
def api(request: pytest.FixtureRequest, demo: Demo, sites: Sites) -> Iterator[webtest.TestApp]:
    """Give the wrapped app, its shelf freshly filled."""
    if request.param == "in_process":
        api = webtest.TestApp(wrapped_between_linters(load(demo)))
    else:
        app = f"tests.linters:linted('{demo.entry}:bare')"
        url = sites.serve(demo, DEPLOYMENTS[request.param], app).url
        api = webtest.TestApp(url)  # type: ignore[arg-type]
    api.post("/reset")
    yield api
    api.post("/reset")


@pytest.mark.parametrize(
    "deployment", [None, *DEPLOYMENTS.values()], ids=["in_process", *DEPLOYMENTS]
)
def test_the_linters_are_in_place(
    monkeypatch: pytest.MonkeyPatch, sites: Sites, deployment: Deployment | None
) -> None:
    """They would see what the suite would not."""
    if deployment is None:
        be_lax_about_content_type(monkeypatch)
        with pytest.raises(AssertionError, match="not_bytes"):
            webtest.TestApp(wrapped_between_linters(not_bytes), lint=False).get("/")
    else:
        app = f"tests.linters:linted('{__name__}:not_bytes')"
        url = sites.serve(DEMOS["Flask"], deployment, app).url
        webtest.TestApp(url).get("/", status=500)  # type: ignore[type-var]


def not_bytes(environ: dict[str, Any], start_response: StartResponse) -> Iterator[Any]:
    """Do what only a linter minds: a server can send a bytearray."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield bytearray(b"not_bytes")


@pytest.mark.parametrize("path", ["/good_no_content", "/bad_no_content"])
def test_the_articles_views(api: webtest.TestApp, path: str) -> None:
    response = api.get(path, status=204)
    assert response.body == b""
    assert response.content_type == "application/json"
    assert "Content-Length" not in response.headers


def test_an_item_is_added_and_deleted(api: webtest.TestApp) -> None:
    location = api.post_json("/items", {"name": "mate"}, status=201).headers["Location"]
    assert api.get(location).json == {"name": "mate"}
    response = api.delete(location, status=204)
    assert response.body == b""
    assert "Content-Length" not in response.headers
    api.get(location, status=404)


def test_items_are_listed(api: webtest.TestApp) -> None:
    assert api.get("/items").json == {
        "1": {"name": "tea"},
        "2": {"name": "coffee"},
        "3": {"name": "cocoa"},
    }


def test_a_conditional_get(api: webtest.TestApp) -> None:
    etag = api.get("/items/2").headers["ETag"]
    response = api.get("/items/2", headers={"If-None-Match": etag}, status=304)
    assert response.headers["ETag"] == etag
    assert response.body == b""
    assert "Content-Length" not in response.headers
    assert api.get("/items/2", headers={"If-None-Match": '"tea"'}).json == {"name": "coffee"}


def test_reset(api: webtest.TestApp) -> None:
    api.delete("/items/1")
    response = api.post("/reset", status=205)
    assert response.body == b""
    assert response.headers["Content-Length"] == "0"
    assert api.get("/items/1").json == {"name": "tea"}


@pytest.mark.parametrize("path", ["/items", "/items/2", "/items/99", "/export", "/report"])
def test_head_is_a_get_without_its_body(api: webtest.TestApp, path: str) -> None:
    head, get = api.head(path, status="*"), api.get(path, status="*")
    assert head.body == b""
    assert get.body != b""
    fields = {"Content-Type", "ETag", "Content-Length"}
    if path == "/export":
        # A stream declares none; WebTest puts one on the GET.
        assert "Content-Length" not in head.headers
        fields.remove("Content-Length")
    for name in fields:
        assert head.headers.get(name) == get.headers.get(name), name


def test_a_streamed_download(api: webtest.TestApp) -> None:
    assert api.get("/export").text == "1,tea\n2,coffee\n3,cocoa\n"


def test_a_file(api: webtest.TestApp) -> None:
    assert api.get("/report").text == REPORT


@pytest.mark.parametrize("way", ["list", "generator", "write"])
def test_the_legacy_app(request: pytest.FixtureRequest, api: webtest.TestApp, way: str) -> None:
    if "Flask" not in request.node.name:
        api.get(f"/legacy/{way}", status=404)
        return
    response = api.get(f"/legacy/{way}", status=204)
    assert response.body == b""
    assert response.content_type == "application/json"
    assert "Content-Length" not in response.headers
    api.get("/legacy/else", status=404)
