"""What tests ask of every middleware in the process, whatever its options say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .violation import Violation

#: In an environ, it makes every middleware on the way raise.
STRICT = "wsgi_nocontent.strict"

#: Called with every violation, before anything else is done about it.
watchers: tuple[Callable[[Violation], object], ...] = ()


def tell(violation: Violation) -> None:
    """Let all watchers know."""
    for watcher in watchers:
        watcher(violation)
