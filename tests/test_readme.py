"""The README's code does what the README says."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import flask
import pyramid.paster
import pytest
import webtest

from demo.server import gunicorn
from tests.demos.sites import DEMOS
from tests.fronts.test_fronts import REFUSED
from tests.linters import be_lax_about_content_type
from tests.pages import Page
from wsgi_nocontent import NoContentMiddleware, Violation, rules
from wsgi_nocontent.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication

README = Page("README.md")

BAD_VIEW, FLASK, DJANGO, PLAIN, PROBE, ASSERT, OPTIONS = README.blocks("python")
CURLS_LINE, LINE = README.blocks("text")


def assert_mended(app: WSGIApplication, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    be_lax_about_content_type(monkeypatch)
    response = webtest.TestApp(app).get(path, status=204)
    assert response.body == b""
    assert "Content-Length" not in response.headers


def careless(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", "4")]
    start_response("204 No Content", headers)
    return [b"null"]


def test_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    app = flask.Flask("careless")
    app.wsgi_app = careless  # type: ignore[method-assign]
    exec(FLASK, {"app": app})
    assert_mended(app, "/", monkeypatch)


def test_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DJANGO_SETTINGS_MODULE", "inventory.settings")
    namespace: dict[str, Any] = {}
    exec(DJANGO, namespace)
    assert_mended(namespace["application"], "/bad_no_content", monkeypatch)


def test_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace: dict[str, Any] = {"application": careless}
    exec(PLAIN, namespace)
    assert Page("docs", "index.md").blocks("python") == [PLAIN]
    assert_mended(namespace["application"], "/", monkeypatch)


def test_pyramid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ini,) = README.blocks("ini")
    assert "use = egg:myapp" in ini
    (tmp_path / "careless_pyramid.py").write_text(
        "from pyramid.config import Configurator\n"
        "def view(request):\n"
        "    request.response.status_code = 204\n"
        "def main(global_config):\n"
        "    config = Configurator()\n"
        "    config.add_route('bad', '/')\n"
        "    config.add_view(view, route_name='bad', renderer='json')\n"
        "    return config.make_wsgi_app()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    path = tmp_path / "site.ini"

    # An egg is an installed package, which this app is not.
    ini = ini.replace("use = egg:myapp", "paste.app_factory = careless_pyramid:main")
    path.write_text(ini)
    assert_mended(pyramid.paster.get_app(str(path)), "/", monkeypatch)

    path.write_text(ini.replace("filter-with = nocontent", ""))
    with pytest.raises(AssertionError):
        assert_mended(pyramid.paster.get_app(str(path)), "/", monkeypatch)


@pytest.mark.parametrize("command", re.findall(r"`?gunicorn (\"wsgi_nocontent:.*?\")", README.text))
def test_gunicorn(command: str) -> None:
    with gunicorn(command.strip('"'), DEMOS["Flask"].directory) as server:
        report = probe(f"{server.url}/legacy/list")
    assert report.answer.status_code == 204
    assert report.findings == []
    assert bool(report.answer.values("Content-Type")) == ("strip_headers" not in command)


def test_the_probe(capsys: pytest.CaptureFixture[str]) -> None:
    with gunicorn("inventory.wsgi:bare", DEMOS["Django"].directory) as server:
        exec(PROBE.replace("https://example.com", server.url), {})
    length, *_ = capsys.readouterr().out.splitlines()
    assert length == (
        "Content-Length: 15, but a 1xx or 204 response has no Content-Length (RFC 9110 §8.6)"
    )


def test_the_page_about_finding_the_view_says_the_same() -> None:
    """And there it is tested."""
    page = Page("docs", "finding-the-view.md").text
    (strict,) = README.blocks("toml")
    for block in strict, ASSERT, LINE:
        assert block in page


def test_app_engine() -> None:
    (yaml,) = README.blocks("yaml")
    assert yaml in DEMOS["Flask"].directory.joinpath("app.yaml").read_text()


def test_the_options_are_as_they_say() -> None:
    wrapped = eval(OPTIONS, {"NoContentMiddleware": NoContentMiddleware, "app": careless})
    default, said = (vars(app) for app in (NoContentMiddleware(careless), wrapped))
    assert said.pop("_tell") is said.pop("_log")
    assert default.pop("_tell") is default.pop("_log")
    assert said == default
    fields = ", ".join(f"`{name}`" for name in Violation._fields)
    assert fields in README.text.replace("\n ", "")


def test_the_rules_are_those_of_the_code() -> None:
    table = re.findall(
        r"^\| (.*?) \| discarded \| .* \| removed \| (.*?) \|$", README.text, re.MULTILINE
    )
    assert table == [
        (rule.responses, rule.source)
        for rule in (rules.NO_CONTENT, rules.NOT_MODIFIED, rules.RESET_CONTENT, rules.HEAD)
    ]


def test_curl_says_so() -> None:
    """It does behind HAProxy and Caddy, as the tests of the fronts show."""
    assert CURLS_LINE.strip() == REFUSED


def test_the_readme_in_japanese_has_the_same_code() -> None:
    assert [block[:2] for block in Page("README.ja.md").all_blocks()] == [
        block[:2] for block in README.all_blocks()
    ]


def test_the_bad_view_is_the_demos() -> None:
    assert BAD_VIEW.strip() in DEMOS["Flask"].directory.joinpath("app.py").read_text()
