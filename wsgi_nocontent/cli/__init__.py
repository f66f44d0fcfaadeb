"""The command ``wsgi-nocontent``: from a URL or an app that goes wrong to what is wrong.

It needs the extra ``[cli]``, and ``[http2]`` for HTTP/2.
"""

from __future__ import annotations

import sys

from ..extras import explained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: those of the command line, by default this process's.
    :return: the exit status: 0 if all answers are clean, 1 if there is something wrong with
        one, 2 if one could not be had; 130 if it is interrupted.
    """
    try:
        from .commands import run  # noqa: PLC0415

        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        why = explained(error)
        if why is error:
            raise
        print(f"wsgi-nocontent: {why}", file=sys.stderr)
        return 2
