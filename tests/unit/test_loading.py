"""Wrapping by an import string, and by a Paste Deploy .ini."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import paste.deploy
import pytest

from tests.unit.server import run
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation, wrap
from wsgi_nocontent.loading import paste_filter_app_factory

if TYPE_CHECKING:
    from pathlib import Path

APP = """
def app(environ, start_response):
    start_response("204 No Content", [("Content-Length", "4"), ("ETag", "1")])
    return [b"null"]

class site:
    class api:
        app = staticmethod(app)

seen = []
number = 42

def paste_app(global_conf):
    return app
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a directory with a module ``careless``, which sys.path does not name."""
    (tmp_path / "careless.py").write_text(APP)
    (tmp_path / "careless_package").mkdir()
    (tmp_path / "careless_package" / "__init__.py").touch()
    (tmp_path / "careless_package" / "wsgi.py").write_text(APP)
    (tmp_path / "broken.py").write_text("import no_such_library")
    (tmp_path / "brokenlib.py").write_text("import broke")
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package" / "__init__.py").write_text("from broken_package import sub.x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


class TestWrap:
    @pytest.mark.parametrize(
        "name", ["careless:app", "careless:site.api.app", "careless_package.wsgi:app"]
    )
    def test_by_import_string(self, project: Path, name: str) -> None:
        server = run(wrap(name, strip_headers=["ETag"]))
        assert (server.headers, server.body) == ([], b"")

    def test_a_callable(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise NotImplementedError

        wrapped = wrap(app)
        assert isinstance(wrapped, NoContentMiddleware)
        assert wrapped.app is app

    def test_the_current_directory_comes_first_as_under_gunicorn(self, project: Path) -> None:
        wrap("careless:app")
        wrap("careless:app")
        assert sys.path[0] == str(project)
        assert sys.path.count(str(project)) == 1

    @pytest.mark.parametrize(
        "name", ["app", "", ":", "app:", ":app", "a b:app", "app:x()", "a:b:c"]
    )
    def test_a_string_of_another_form(self, name: str) -> None:
        with pytest.raises(ValueError, match='"module:attribute", such as "app:app"') as raised:
            wrap(name)
        assert str(raised.value).endswith(f"not {name!r}")

    @pytest.mark.parametrize(
        ("name", "missing"),
        [
            ("no_such:app", "no_such"),
            ("no_such.sub:app", "no_such"),
            ("careless_package.no_such:app", "careless_package.no_such"),
            ("careless.no_such:app", "careless.no_such"),
        ],
    )
    def test_no_such_module(self, project: Path, name: str, missing: str) -> None:
        with pytest.raises(ModuleNotFoundError) as raised:
            wrap(name)
        assert str(raised.value) == (
            f"{name!r}: there is no module {missing!r} in {project} or on sys.path"
        )
        assert raised.value.name == missing
        assert raised.value.__suppress_context__

    def test_a_module_that_can_not_import_another_says_so_itself(self, project: Path) -> None:
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_library'$"):
            wrap("broken:app")
        # Its name begins with that of the module which is not there.
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'broke'$"):
            wrap("brokenlib:app")
        with pytest.raises(SyntaxError):
            wrap("broken_package.sub:app")

    @pytest.mark.parametrize(
        ("name", "missing"), [("careless:application", "application"), ("careless:site.x.app", "x")]
    )
    def test_no_such_attribute(self, project: Path, name: str, missing: str) -> None:
        with pytest.raises(AttributeError) as raised:
            wrap(name)
        assert str(raised.value).startswith(f"{name!r}: <")
        assert str(raised.value).endswith(f" has no attribute {missing!r}")

    def test_not_callable(self, project: Path) -> None:
        wanted = "^'careless:number' must name a callable, but it is 42$"
        with pytest.raises(TypeError, match=wanted):
            wrap("careless:number")
        with pytest.raises(TypeError, match="app must be a WSGI callable, not 42"):
            wrap(42)  # type: ignore[arg-type]

    def test_the_options_are_those_of_the_middleware(self, project: Path) -> None:
        with pytest.raises(TypeError, match="on_violation must be"):
            wrap("careless:app", on_violation=7)
        with pytest.raises(TypeError, match="strip_header"):
            wrap("careless:app", strip_header=["ETag"])


class TestPasteDeploy:
    """By the entry point, so the package must be installed."""

    def load(self, project: Path, options: str) -> Any:
        (project / "site.ini").write_text(
            "[filter:nocontent]\n"
            "use = egg:wsgi-nocontent\n"
            f"{options}\n"
            "[app:careless]\n"
            "paste.app_factory = careless:paste_app\n"
            "[pipeline:main]\n"
            "pipeline = nocontent careless\n"
        )
        sys.path.insert(0, str(project))
        return paste.deploy.loadapp(f"config:{project / 'site.ini'}")

    @pytest.mark.parametrize(
        ("options", "headers"),
        [
            ("", [("ETag", "1")]),
            ("on_violation = log\nstrip_headers = Content-Type, ETag", []),
            ("on_violation = None\nstrip_headers =\n  Content-Type\n  ETag", []),
            ("on_violation = none\nstrip_headers = etag", []),
            ("strip_headers = ETag,Content-Type", []),
            ("on_violation = LOG", [("ETag", "1")]),
        ],
    )
    def test_options_are_strings(self, project: Path, options: str, headers: Any) -> None:
        server = run(self.load(project, options))
        assert (server.status, server.headers, server.body) == ("204 No Content", headers, b"")

    def test_without_options_they_are_the_middlewares_own(self) -> None:
        assert paste_filter_app_factory(lambda *_: [], {}).strip_headers == frozenset()

    def test_it_may_raise(self, project: Path) -> None:
        with pytest.raises(NoContentError):
            run(self.load(project, "on_violation = Raise"))

    def test_on_violation_may_be_an_import_string(self, project: Path) -> None:
        run(self.load(project, "on_violation = careless:seen.append"))
        assert sys.modules["careless"].seen == [Violation("GET", "/", "204 No Content", "4", 4)]

    @pytest.mark.parametrize(
        ("options", "error", "wanted"),
        [
            ({"on_violation": "warn"}, ValueError, "on_violation must be .*, not 'warn'"),
            ({"on_violation": ""}, ValueError, "on_violation must be .*, not ''"),
            ({"on_violation": "wsgi_nocontent:__version__"}, TypeError, "must name a callable"),
            ({"on_violation": "a:b:c"}, ValueError, "\"module:attribute\".*, not 'a:b:c'"),
            ({"strip_headers": "E:Tag"}, ValueError, "strip_headers must be .*'E:Tag'"),
            ({"strip_header": "ETag"}, TypeError, "'strip_header'"),
        ],
    )
    def test_a_wrong_option_is_named(self, options: Any, error: Any, wanted: str) -> None:
        with pytest.raises(error, match=wanted):
            paste_filter_app_factory(lambda *_: [], {}, **options)


def test_importing_the_library_loads_no_heavy_module() -> None:
    heavy = ["asyncio", "dataclasses", "email", "http.client", "logging", "re", "ssl", "typing"]
    code = f"""
import sys
before = set(sys.modules)
import wsgi_nocontent
print([name for name in {heavy} if name in sys.modules and name not in before])
"""
    # -S: or the interpreter may have loaded some of them for itself.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout == "[]\n"
