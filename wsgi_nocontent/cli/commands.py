"""What the command line says, and what is done."""

from __future__ import annotations

import argparse
import sys
import traceback
from contextlib import redirect_stdout, suppress

from rich.console import Console

from .. import __version__
from ..loading import import_callable
from .asking import NoAnswerError, Options, ask_app, ask_url, in_a_line
from .redaction import without_user
from .showing import Screen, as_json, error_as_json, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .asking import Result

#: The exit statuses; of several answers it is the highest.
CLEAN, FOUND, NO_ANSWER = 0, 1, 2

PROBE_EXAMPLES = """\
examples:
  wsgi-nocontent probe https://example.com/items/1 -X DELETE
  wsgi-nocontent probe https://example.com/a https://example.com/b --http2
  wsgi-nocontent probe http://127.0.0.1:8000/items -H 'If-None-Match: "tea"' --json

Each request is made once, over a connection of its own, and no redirect is followed,
unless you say so. The exit status is 0 if all is clean, 1 if something is wrong with
an answer, and 2 if there is an answer that could not be had.
"""
CHECK_EXAMPLES = """\
examples:
  wsgi-nocontent check app:app /items/1 -X DELETE
  wsgi-nocontent check mysite.wsgi:application /a /b --strict

The app is imported and asked in this process, without a server. The exit status is
that of probe.
"""


def run(arguments: Sequence[str] | None, console: Console | None = None) -> int:
    """Do what the command line says, and give the exit status."""
    given = _parser().parse_args(arguments)
    given.console = console or Console(highlight=False)
    try:
        status: int = given.command(given)
    except SystemExit:  # so rich ends a program whose reader has left
        return NO_ANSWER
    except OSError as error:
        with suppress(OSError):
            _complain(f"what was found can not be written: {error.strerror}")
        return NO_ANSWER
    return status


def _probe(given: argparse.Namespace) -> int:
    options = _options(given)._replace(
        http2=given.http2,
        insecure=given.insecure,
        timeout=given.timeout,
        follow=given.follow,
        again=given.again,
    )
    return _all(given, given.urls, lambda url: ask_url(url, options), without_user)


def _check(given: argparse.Namespace) -> int:
    options = _options(given)._replace(strict=given.strict)
    try:
        with redirect_stdout(sys.stderr):
            app = import_callable(given.app)
    except (Exception, SystemExit) as error:
        *_, frame = traceback.extract_tb(error.__traceback__)
        is_the_names_fault = frame.filename == import_callable.__code__.co_filename
        _complain(str(error) if is_the_names_fault else f"{given.app}: {in_a_line(error)}")
        return NO_ANSWER
    return _all(given, given.paths, lambda path: ask_app(app, path, options), str, app=given.app)


def _all(
    given: argparse.Namespace,
    urls: list[str],
    ask: Callable[[str], Iterator[Result]],
    as_shown: Callable[[str], str],
    **about: str,
) -> int:
    """Ask each, and show it at once.

    :param as_shown: makes of a URL one that may be shown.
    :param about: what else JSON is to say of each.
    """
    screen = Screen(given.console)
    method = _options(given).method
    status = CLEAN
    for url in urls:
        asked = as_shown(url)
        results: list[Result] = []
        why = None
        try:
            for result in ask(url):
                results.append(result)
                if not given.json:
                    screen.show(result)
        except NoAnswerError as error:
            why = str(error)
            _complain(f"{asked}: {why}")
            status = NO_ANSWER
        if any(result.findings for result in results):
            status = max(status, FOUND)
        if not given.json:
            screen.note(f"{method} {asked}", results, answered=why is None)
        elif why is None:
            given.console.out(as_json(results, **about))
        else:
            given.console.out(error_as_json(asked, method, why, results, **about))
    if not given.json:
        screen.summary()
    return status


def _complain(what: str) -> None:
    print(f"wsgi-nocontent: {one_line(what)}", file=sys.stderr)


def _options(given: argparse.Namespace) -> Options:
    method = given.method or ("GET" if given.data is None else "POST")
    body = (given.data or "").encode(errors="surrogateescape")
    return Options(method=method, headers=tuple(given.headers), body=body)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wsgi-nocontent",
        description="Find out why a response without content goes wrong.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    request = argparse.ArgumentParser(add_help=False)
    request.add_argument("-X", "--method", help="the request's method (GET, or POST with --data)")
    request.add_argument(
        *("-H", "--header"),
        dest="headers",
        metavar="'NAME: VALUE'",
        type=_field,
        action="append",
        default=[],
        help="a header field of the request; may be given several times",
    )
    request.add_argument("--data", metavar="BODY", help="the request's body")
    request.add_argument("--json", action="store_true", help="an object of JSON for each, a line")

    probe = commands.add_parser(
        "probe",
        parents=[request],
        help="ask URLs, and tell what is wrong with what comes over the wire",
        description="Ask URLs of any server, and tell what is wrong with what comes over the wire.",
        epilog=PROBE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    probe.add_argument("urls", metavar="URL", nargs="+", help="of http or https")
    probe.add_argument("--http2", action="store_true", help="ask by HTTP/2")
    probe.add_argument("--insecure", action="store_true", help="take any certificate")
    probe.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=10.0,
        help="seconds that a server has for its answer (10)",
    )
    probe.add_argument("--follow", action="store_true", help="go where redirects lead")
    probe.add_argument(
        "--again",
        action="store_true",
        help="ask once more on the same connection, by OPTIONS if the method may change "
        "something: is the next answer the right one?",
    )
    probe.set_defaults(command=_probe)

    check = commands.add_parser(
        "check",
        parents=[request],
        help="ask a WSGI app in this process, and name its violations",
        description="Ask a WSGI app in this process, and name its violations.",
        epilog=CHECK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("app", metavar="MODULE:APP", help="such as app:app")
    check.add_argument("paths", metavar="PATH", nargs="+", help="such as /items/1")
    check.add_argument(
        "--strict",
        action="store_true",
        help="find fault also with what the middleware mends in silence, such as a "
        "Content-Length of 0 on a 204, or a body to HEAD",
    )
    check.set_defaults(command=_check)
    return parser


def _field(given: str) -> tuple[str, str]:
    name, colon, value = given.partition(":")
    if not colon or not name.strip():
        # What comes after may be a secret.
        first = (given.split() or [""])[0]
        raise argparse.ArgumentTypeError(f"a header field is 'Name: value', not '{first} ...'")
    return name.strip(), value.strip()


def _seconds(given: str) -> float:
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"a time is a number of seconds over 0, not {given!r}")
    return seconds
