"""The record of one broken rule."""

from __future__ import annotations

from collections import namedtuple


class Violation(namedtuple("Violation", "method path status content_length body_size")):
    """A response that its application gave content although HTTP allows it none.

    It is a violation to send body bytes with 1xx, 204, 205 or 304 (RFC 9110
    §6.4.1, §15.3.6), or to declare a positive or malformed Content-Length on
    1xx, 204 or 205 (RFC 9110 §8.6). The response that the client got is
    already mended.

    Immutable, and equal to another with equal fields.
    """

    __slots__ = ()

    #: The request's method, such as ``"DELETE"``.
    method: str
    #: SCRIPT_NAME + PATH_INFO, as the application left them in the environ: a "native
    #: string" whose characters are the bytes of the URL's path (PEP 3333, Unicode Issues).
    path: str
    #: The status as the application gave it, such as ``"204 No Content"``.
    status: str
    #: The value of Content-Length that the application declared (those of a
    #: field that was given more than once joined by ``", "``), or None.
    content_length: str | None
    #: The bytes of body that were seen: those of every ``write()`` so far, and
    #: all of a list or tuple or the first chunk of any other iterable.
    body_size: int
