"""For the tests of an application: that a response without content really has none."""

from __future__ import annotations

from ..extras import explained
from ..requirements import findings_in_body, findings_in_fields
from ..rules import BY_STATUS_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .webtest import TestApp

    Fields = Iterable[tuple[str, str]]
    Kind = tuple[Callable[[Any], Fields], Callable[[Any], Iterable[bytes]]]

__all__ = ["TestApp", "assert_no_content"]


def __getattr__(name: str) -> Any:
    # Only TestApp needs WebTest.
    if name == "TestApp":
        try:
            from .webtest import TestApp  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise explained(error) from None

        return TestApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def assert_no_content(response: object) -> None:
    """Assert that a response has a status which allows no content, and has none.

    It is one of 1xx, 204, 205 or 304 (RFC 9110 §6.4.1, §15.3.6), without a body; 1xx and 204
    without Content-Length (RFC 9110 §8.6) and Transfer-Encoding (RFC 9112 §6.1), and 205
    with no other length than 0.

    A client that leaves out such a body by itself can not show it: requests, httpx and
    Django's test client do on 1xx, 204 and 304. Frameworks put ``Content-Length: 0`` on every
    empty response; where one is given before any WSGI middleware was asked, as by Django's
    test client or by a view itself, that is passed over.

    :param response: of WebTest, WebOb, Werkzeug, Flask, Django, requests or httpx. Its body
        may be read up to the first byte; that of an asynchronous one must have been read.
    :raises AssertionError: with the status, each field at fault or the first bytes of the
        body, and the requirement that is not met.
    :raises TypeError: if it is another thing.
    """
    __tracebackhide__ = True
    fields_of, chunks_of = _kind_of(response)
    # A requests.Response that was made by hand has None.
    status_code = int(response.status_code or 0)  # type: ignore[attr-defined]
    rule = BY_STATUS_CODE.get(str(status_code))
    if rule is None:
        raise AssertionError(
            f"status {status_code} allows content; "
            "1xx, 204, 205 and 304 do not (RFC 9110 §6.4.1, §15.3.6)"
        )
    findings = [
        *findings_in_fields(rule, fields_of(response)),
        *findings_in_body(rule, next(filter(None, chunks_of(response)), b"")),
    ]
    if findings:
        told = [f"status {status_code} has content:", *map(str, findings)]
        raise AssertionError("\n".join(told))


def _without_length_0(headers: Fields) -> Fields:
    return [
        (name, value) for name, value in headers if (name.lower(), value) != ("content-length", "0")
    ]


def _fields_of_werkzeug(response: Any) -> Fields:
    fields: Fields = response.headers.items()
    # Its client's, where it is known, is what the application has sent.
    is_clients = any(base.__name__ == "TestResponse" for base in type(response).__mro__)
    return fields if is_clients else _without_length_0(fields)


#: How to get the fields and the body of a response, by the package that its class, or a base
#: of it, is from.
_KINDS: dict[str, Kind] = {
    "webob": (lambda response: response.headers.items(), lambda response: response.app_iter),
    "werkzeug": (_fields_of_werkzeug, lambda response: response.iter_encoded()),
    "django": (lambda response: _without_length_0(response.items()), iter),
    "requests": (lambda response: response.headers.items(), lambda response: [response.content]),
    "httpx": (lambda response: response.headers.multi_items(), lambda response: [response.read()]),
}


def _kind_of(response: object) -> Kind:
    if hasattr(response, "status_code"):
        for base in type(response).__mro__:
            kind = _KINDS.get(base.__module__.partition(".")[0])
            if kind:
                return kind
    raise TypeError(
        "assert_no_content takes a response of WebTest, WebOb, Werkzeug, Flask, Django, "
        f"requests or httpx, not {response!r}"
    )
