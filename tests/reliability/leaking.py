"""Apps that leak on purpose."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reliability.soak.apps import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

leaked: list[object] = []


def memory(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    leaked.append(b"x" * 200_000)
    return wrapped(environ, start_response)


def open_files(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    leaked.append(os.dup(0))
    return wrapped(environ, start_response)


def objects(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    leaked.extend(bytes(9) for _ in range(100))
    return wrapped(environ, start_response)
