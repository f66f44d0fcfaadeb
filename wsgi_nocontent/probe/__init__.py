"""Ask one URL over a connection of its own, and tell what an HTTP client hides.

It needs the extra ``[cli]``, and ``[http2]`` for HTTP/2.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from .. import __version__
from ..extras import explained
from ..requirements import Finding, Requirement
from .report import Answer, ProbeError, Report
from .wire import Target, Wire

try:
    from . import http1
    from .findings import findings_in
    from .http1 import Request
except ModuleNotFoundError as error:
    raise explained(error) from None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Answer", "Finding", "ProbeError", "Report", "Requirement", "probe"]

#: The methods by which nothing is changed (RFC 9110 §9.2.1).
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
CONDITIONS = {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}


def probe(
    url: str,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    next_path: str | None = None,
    keep_alive: bool = True,
    http2: bool = False,
    insecure: bool = False,
    timeout: float = 10,
    pause: float = 0.25,
    limit: int = 1 << 20,
) -> Report:
    """Ask one URL, and tell what is wrong with the answer where it may have no content.

    :param url: of ``http`` or ``https``.
    :param headers: further header fields of the request.
    :param next_path: what a GET on the same connection asks for next. By default the request
        is made once more if its method is safe (RFC 9110 §9.2.1), else OPTIONS for its path.
    :param keep_alive: without it the server is told to close the connection, and nothing
        more is asked: the request is the only one.
    :param http2: whether to speak HTTP/2, under http with prior knowledge (RFC 9113 §3.3).
    :param insecure: whether to take any certificate.
    :param timeout: seconds that the server has for each answer.
    :param pause: seconds to wait for stray bytes before the next request.
    :param limit: bytes that are read at the most.
    :raises ProbeError: if there is no answer, or none by HTTP.
    :raises ValueError: if the URL, the method or a header field is none that can be sent.
    :raises ModuleNotFoundError: if ``http2`` is asked for without the extra ``[http2]``.
    """
    target = Target.of(url)
    if method == "CONNECT":
        raise ValueError("CONNECT asks for a tunnel, and what comes through one is not HTTP")
    fields = list(headers)
    request = _request(target, method, target.path, fields, body)
    if not keep_alive:
        follow_up = None
    elif next_path is not None:
        follow_up = _request(target, "GET", next_path)
    else:
        again = method if method in SAFE else "OPTIONS"
        of_the_body = {"content-length", "content-type", "expect", "transfer-encoding"}
        follow_up = _request(target, again, target.path, _without(of_the_body, fields))

    exchange = http1.exchange
    if http2:
        from .http2 import exchange  # noqa: PLC0415  it is in another extra
    connect = partial(
        Wire, target, "h2" if http2 else "http/1.1", insecure=insecure, timeout=timeout, limit=limit
    )
    with connect() as wire:
        result = exchange(wire, request, follow_up, pause)
    full = None
    if (
        keep_alive
        and method in SAFE
        and result.answer.status_code == 304
        and result.answer.values("content-length")
    ):
        unconditional = _request(target, method, target.path, _without(CONDITIONS, fields), body)
        if unconditional != request:
            with suppress(ProbeError), connect() as wire:
                full = exchange(wire, unconditional, None, pause).answer
    return Report(url, method, *result, findings_in(method, result, full))


def _request(
    target: Target,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Request:
    """Make a request, with the fields that every one has unless they are given."""
    fields = list(headers)
    given = {name.lower() for name, _ in fields}
    defaults = [("Host", target.authority), ("User-Agent", f"wsgi-nocontent/{__version__}")]
    if (body or method not in SAFE) and "transfer-encoding" not in given:
        defaults.append(("Content-Length", str(len(body))))
    fields = [field for field in defaults if field[0].lower() not in given] + fields
    return Request(method, path, fields, body)


def _without(names: set[str], headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in names]
