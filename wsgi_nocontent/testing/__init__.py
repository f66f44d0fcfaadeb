"""For the tests of an application: that a response without content really has none."""

from __future__ import annotations

from ..requirements import findings_in_body, findings_in_fields
from ..rules import BY_STATUS_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .webtest import TestApp

    Parts = tuple[Iterable[tuple[str, str]], Iterable[bytes]]

__all__ = ["TestApp", "assert_no_content"]


def __getattr__(name: str) -> Any:
    # Only TestApp needs WebTest.
    if name == "TestApp":
        from .webtest import TestApp  # noqa: PLC0415

        return TestApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def assert_no_content(response: object) -> None:
    """Assert that a response has a status which allows no content, and has none.

    It is one of 1xx, 204, 205 or 304 (RFC 9110 §6.4.1, §15.3.6), without a body; 1xx and 204
    without Content-Length (RFC 9110 §8.6) and Transfer-Encoding (RFC 9112 §6.1), and 205
    with no other length than 0.

    A client that leaves out such a body by itself can not show it: requests, httpx and
    Django's test client do on 1xx, 204 and 304. Django's client shows a response from before
    any WSGI middleware, so the ``Content-Length: 0`` which Django's own middleware puts on
    every empty one is passed over.

    :param response: of WebTest, WebOb, Werkzeug, Flask, Django, requests or httpx. Its body
        may be read up to the first byte.
    :raises AssertionError: with the status, each field at fault or the first bytes of the
        body, and the requirement that is not met.
    :raises TypeError: if it is another thing.
    """
    __tracebackhide__ = True
    headers, chunks = _parts_of(response)
    status_code: int = response.status_code  # type: ignore[attr-defined]
    rule = BY_STATUS_CODE.get(str(status_code))
    if rule is None:
        raise AssertionError(
            f"status {status_code} allows content; "
            "1xx, 204, 205 and 304 do not (RFC 9110 §6.4.1, §15.3.6)"
        )
    # Before the body is read: WebOb then puts its length on the response.
    findings = list(findings_in_fields(rule, list(headers)))
    findings += findings_in_body(rule, next(filter(None, chunks), b""))
    if findings:
        told = [f"status {status_code} has content:", *map(str, findings)]
        raise AssertionError("\n".join(told))


def _of_django(response: Any) -> Parts:
    headers = [
        (name, value)
        for name, value in response.items()
        if (name.lower(), value) != ("content-length", "0")
    ]
    return headers, iter(response)


#: How to take a response apart, by the package that its class, or a base of it, is from.
_KINDS: dict[str, Callable[[Any], Parts]] = {
    "webob": lambda response: (response.headers.items(), response.app_iter),
    "werkzeug": lambda response: (response.headers.items(), response.iter_encoded()),
    "django": _of_django,
    "requests": lambda response: (response.headers.items(), [response.content]),
    "httpx": lambda response: (response.headers.multi_items(), [response.content]),
}


def _parts_of(response: object) -> Parts:
    if hasattr(response, "status_code"):
        for base in type(response).__mro__:
            take_apart = _KINDS.get(base.__module__.partition(".")[0])
            if take_apart:
                return take_apart(response)
    raise TypeError(
        "assert_no_content takes a response of WebTest, WebOb, Werkzeug, Flask, Django, "
        f"requests or httpx, not {response!r}"
    )
