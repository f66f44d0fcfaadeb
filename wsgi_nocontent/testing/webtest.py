"""WebTest's TestApp, for which a response without content that has some is an error."""

from __future__ import annotations

import os
from functools import partial
from http.client import responses
from unittest.mock import patch
from wsgiref.util import is_hop_by_hop

import webob
import webtest

from ..middleware import NoContentMiddleware
from ..watch import STRICT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Base = webtest.TestApp[WSGIApplication]
else:
    Base = webtest.TestApp

#: What one answer over the wire may take, in time and in size.
SECONDS = 60
BYTES = 1 << 28


class TestApp(Base):
    """WebTest's, of an application or of a URL.

    An application is wrapped so that it raises :class:`NoContentError` where it breaks a rule;
    so does each :class:`NoContentMiddleware` within it, whatever its ``on_violation`` says.

    Of a URL, each request is made once, over a connection of its own, and AssertionError is
    raised if what came over the wire is not as HTTP asks: :func:`wsgi_nocontent.probe.probe`
    finds that out, and its errors come through.

    :param app: a WSGI callable (PEP 3333), a URL of ``http`` or ``https``, or what else
        WebTest takes; and so for its further parameters. As there, the environment variable
        ``WEBTEST_TARGET_URL`` takes its place.
    :raises ValueError: if it is a URL that can not be asked.
    """

    def __init__(self, app: WSGIApplication | str, *args: Any, **kwargs: Any) -> None:
        with patch.dict(os.environ):
            # WebTest would ask it by an HTTP client, which hides what there is to find.
            app = os.environ.pop("WEBTEST_TARGET_URL", app)
            if isinstance(app, str) and app.startswith("http"):
                server = _OverTheWire(app)
                super().__init__(server, *args, **kwargs)
                self.app = server
                # By it cookies are told apart.
                self.extra_environ = {"HTTP_HOST": server.authority, **self.extra_environ}
            else:
                super().__init__(app, *args, **kwargs)  # type: ignore[arg-type]
                self.app = _Strict(self.app)


class _Strict:
    """An application that raises at each violation."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = NoContentMiddleware(app, on_violation="raise")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[STRICT] = True
        return self._app(environ, start_response)

    def __getattr__(self, name: str) -> Any:
        # Tests look things up in the application, such as Pyramid's registry.
        return getattr(self._app.app, name)


class _OverTheWire:
    """An application whose answers are those of a server, if they are as HTTP asks."""

    def __init__(self, url: str) -> None:
        # They need h11.
        from ..probe import probe  # noqa: PLC0415
        from ..probe.wire import Target  # noqa: PLC0415

        self.authority = Target.of(url).authority
        self._url = url.partition("#")[0].rstrip("/")
        self._probe = partial(probe, keep_alive=False, timeout=SECONDS, limit=BYTES)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = webob.Request(environ)
        report = self._probe(
            self._url + request.path_qs,
            request.method,
            list(request.headers.items()),
            request.body,
        )
        answer = report.answer
        wrong = [str(finding) for finding in report.findings]
        if answer.ending in ("out of time", "out of bounds"):
            wrong.append(f"it has no end within {SECONDS} s and {BYTES} bytes")
        if wrong:
            asked = f"{report.method} {report.url} was answered {answer.status_code}:"
            raise AssertionError("\n".join([asked, *wrong]))
        start_response(
            f"{answer.status_code} {responses.get(answer.status_code, 'Unknown')}",
            [(name, value) for name, value in answer.headers if not is_hop_by_hop(name)],
        )
        return [answer.content]
