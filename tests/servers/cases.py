"""What every server is asked: each response without content, in each way to send one.

A case is written in the path that asks for it, so that the app and the tests have one
table: ``/204/generator/right``.
"""

from __future__ import annotations

from typing import NamedTuple

#: What is answered: to GET; "HEAD" is a 200 to HEAD.
WITHOUT_CONTENT = ("204", "205", "304", "HEAD")
WITH_CONTENT = ("200", "500")
STATUS_LINES = {
    "102": "102 Processing",
    "200": "200 OK",
    "204": "204 No Content",
    "205": "205 Reset Content",
    "304": "304 Not Modified",
    "500": "500 Internal Server Error",
    "HEAD": "200 OK",
}

#: How the app sends its body.
WAYS = {
    "empty": "not at all, with an empty list: the app does it right",
    "list": "in a list",
    "tuple": "in a tuple",
    "iterator": "by an iterator, whose length no server can know",
    "generator": "by a generator, made after `start_response` was called",
    "lazy": "by a generator that itself calls `start_response`, on its first step",
    "endless": "by an iterator of 16 MiB, which stands for one without end",
    "late": "20 ms after the head; the body is itself an HTTP response",
    "file_wrapper": "as a file, by `wsgi.file_wrapper`",
    "write": "by `write()`, which `start_response` returns",
    "restart": "after a 202 was started and given up: `start_response` again, with `exc_info`",
}

#: What the app declares as its Content-Length, and what else is in its head.
FIELDS = {
    "right": "the length of the body",
    "none": "no length",
    "wrong": "7 bytes too many",
    "zero": "`0`, with a body all the same",
    "twice": "the right length, two times",
    "odd-cased": "the right length, as `cOnTENT-lENGTh`",
    "coding": "no length, but `Transfer-Encoding: chunked`",
    "cookies": "the right length, among three `Set-Cookie`",
}


class Case(NamedTuple):
    """One exchange."""

    answer: str
    way: str
    fields: str

    @property
    def path(self) -> str:
        return "/" + "/".join(self)

    @property
    def method(self) -> str:
        return "HEAD" if self.answer == "HEAD" else "GET"

    @property
    def status_code(self) -> int:
        return int(STATUS_LINES[self.answer][:3])


CASES = [
    *(
        Case(answer, way, fields)
        for answer in WITHOUT_CONTENT
        for way in WAYS
        for fields in FIELDS
        if way != "empty" or fields == "none"
    ),
    *(Case("102", way, "right") for way in ("list", "lazy", "write")),
]
CONTROLS = [
    *(
        Case(answer, way, fields)
        for answer in WITH_CONTENT
        for way in WAYS
        if way not in ("empty", "endless")
        for fields in ("right", "none")
    ),
    *(
        Case(answer, "list", fields)
        for answer in WITH_CONTENT
        for fields in ("odd-cased", "cookies")
    ),
    *(Case("200", way, "large") for way in ("list", "generator", "file_wrapper", "write")),
]
