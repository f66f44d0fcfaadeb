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
WAYS = (
    "empty",  # nothing at all, in an empty list: an app that is right
    "list",
    "tuple",
    "iterator",
    "generator",  # made after start_response
    "lazy",  # calls start_response on its first step
    "endless",
    "late",  # 20 ms after the head
    "file_wrapper",
    "write",
    "restart",  # from another status, with exc_info
)

#: What the app declares of its length, and what else is in its head.
FIELDS = ("right", "none", "wrong", "zero", "twice", "odd-cased", "coding", "cookies")


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
