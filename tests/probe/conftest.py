from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme

from tests.probe.peer import secured

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """Give a server's context, with a certificate that clients trust."""
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        yield secured(authority)


@pytest.fixture
def untrusted(authority: trustme.CA) -> ssl.SSLContext:
    return secured(authority)
