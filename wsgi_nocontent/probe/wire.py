"""A connection to a server that is read for so long and so far, and no more."""

from __future__ import annotations

import re
import socket
import ssl
import time
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from .report import ProbeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .report import Ending


class Target(NamedTuple):
    """Where a URL points to."""

    scheme: str
    host: str
    port: int
    #: host and port as the Host field has them (RFC 9110 §7.2)
    authority: str
    #: path and query, as the request line has them (RFC 9112 §3.2.1)
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Split a URL.

        :raises ValueError: if it is not one that can be asked.
        """
        wanted = f"a URL is http://host/path or https://host/path, in ASCII, not {url!r}"
        try:
            parts = urlsplit(url)
            default = {"http": 80, "https": 443}[parts.scheme]
            port = default if parts.port is None else parts.port
        except (KeyError, ValueError):
            raise ValueError(wanted) from None
        if "@" in parts.netloc:
            raise ValueError(f"credentials go into a header field, not into the URL {url!r}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # urlsplit drops line ends and tabs, so the whole is looked at.
        if not parts.hostname or not port or not re.fullmatch("[!-~]+", url):
            raise ValueError(wanted)
        return cls(parts.scheme, parts.hostname, port, parts.netloc, path)


class Wire:
    """A connection to a server.

    :param alpn: the protocol to ask for under https (RFC 7301).
    :param insecure: whether to take any certificate.
    :param timeout: seconds for the connection, and again for what is waited for on it.
    :param limit: bytes that are read at the most.
    :raises ProbeError: if there is no such connection to be had.
    """

    def __init__(
        self, target: Target, alpn: str, *, insecure: bool, timeout: float, limit: int
    ) -> None:
        self.scheme = target.scheme
        #: The protocol that was agreed on under https.
        self.alpn: str | None = None
        self._timeout = timeout
        self._limit = self._room = limit
        #: Why ``receive`` gave nothing.
        self.ending: Ending = "complete"
        where = f"{target.host} port {target.port}"
        try:
            self._socket = socket.create_connection((target.host, target.port), timeout)
        except socket.timeout:
            raise ProbeError(f"{where} can not be reached within {timeout:g} s") from None
        except UnicodeError:  # a part of it is empty, or too long
            raise ProbeError(f"{target.host} is not the name of a host") from None
        except OSError as error:
            raise ProbeError(f"{where} can not be reached: {_in_words(error)}") from error
        if target.scheme == "https":
            try:
                self._socket = secured = self._secured(target.host, alpn, insecure)
            except socket.timeout:
                self._socket.close()
                raise ProbeError(f"no TLS with {where} within {timeout:g} s") from None
            except OSError as error:
                self._socket.close()
                raise ProbeError(f"no TLS with {where}: {_in_words(error)}") from error
            self.alpn = secured.selected_alpn_protocol()
        self.allow_time()

    def _secured(self, host: str, alpn: str, insecure: bool) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.set_alpn_protocols([alpn])
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(self._socket, server_hostname=host)

    def __enter__(self) -> Wire:  # noqa: PYI034  typing.Self is not in Python 3.7
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def allow_time(self) -> None:
        """Give what is waited for from now on the whole timeout."""
        self._deadline = time.monotonic() + self._timeout

    def send(self, data: bytes) -> None:
        """Send; what goes wrong shows in what is received."""
        with suppress(OSError):
            self._socket.settimeout(self._timeout)
            self._socket.sendall(data)

    def receive(self, seconds: float | None = None) -> bytes:
        """Give what comes next; nothing if nothing will, and ``ending`` says why.

        :param seconds: how long to wait, if not as long as there is time.
        """
        left = self._deadline - time.monotonic()
        if self._room <= 0 or left <= 0:
            self.ending = "out of bounds" if self._room <= 0 else "out of time"
            return b""
        try:
            self._socket.settimeout(left if seconds is None else max(0.001, min(seconds, left)))
            data = self._socket.recv(min(65536, self._room))
        except socket.timeout:
            self.ending = "out of time"
            return b""
        except OSError:  # reset, or no clean end of TLS
            data = b""
        self._room -= len(data)
        if not data:
            self.ending = "cut off"
        return data

    @property
    def silence(self) -> str:
        """Why ``receive`` gave nothing, in words."""
        return {
            "out of time": f"no answer within {self._timeout:g} s",
            "out of bounds": f"no answer within {self._limit} bytes",
        }.get(self.ending, "the server closed the connection without an answer")


def _in_words(error: OSError) -> str:
    """What went wrong, without a number or a place in some source."""
    words = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    text = str(words or getattr(error, "strerror", None) or error)
    return re.sub(r" \(_ssl\.c:\d+\)", "", text).lower().replace("_", " ").rstrip(".")
