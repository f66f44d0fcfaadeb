"""Ask a URL or an application, and give what came in one form."""

from __future__ import annotations

import io
import logging
import re
import sys
import traceback
from contextlib import redirect_stdout
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urljoin
from wsgiref.util import setup_testing_defaults

from .. import watch
from ..log import LOGGER
from ..probe import ProbeError, probe
from ..probe.report import rule_of
from ..probe.wire import Target
from ..requirements import (
    NO_BODY_ON_HEAD,
    NO_CODING,
    NO_LENGTH_OF_0,
    ONE_LENGTH,
    Finding,
    findings_in_body,
    findings_in_fields,
    no_body_by,
)
from ..violation import NoContentError
from .redaction import Secrets, is_secret, without_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..probe import Report
    from ..violation import Violation

    Headers = list[tuple[str, str]]

MAXIMUM_REDIRECTS = 10

# What the middleware mends in silence: see Violation. A 205 with "0, 0" in one field it
# does not, though ONE_LENGTH is all that is wrong with it.
_SILENT = (NO_CODING, NO_LENGTH_OF_0, NO_BODY_ON_HEAD, ONE_LENGTH)


class NoAnswerError(Exception):
    """There is no answer; says why in a line."""


class Options(NamedTuple):
    """How to ask."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    http2: bool = False
    insecure: bool = False
    timeout: float = 10
    follow: bool = False
    again: bool = False
    strict: bool = False


class Part(NamedTuple):
    """Something that came after a head."""

    what: str
    #: How many bytes came; ``data`` can differ in length, since secrets in it are replaced.
    size: int
    data: bytes
    #: Seconds after the end of what came before; None if at once.
    delay: float | None = None


class Result(NamedTuple):
    """One answer, in a form to be shown; nothing secret is in it."""

    #: What was asked: a URL, or a path of an application.
    url: str
    method: str
    #: The request line and the fields that were asked for.
    request: list[str]
    #: The head of each response, as its lines: interim ones, and the answer's.
    heads: list[list[str]]
    status_code: int
    after: list[Part]
    #: Whether the status, or HEAD, allows no content.
    without_content: bool
    findings: list[Finding]


def ask_url(url: str, options: Options) -> Iterator[Result]:
    """Ask a URL, and give the answer; where redirects are to be followed, each on the way.

    :raises NoAnswerError: if there is no answer by HTTP.
    """
    via = ""
    for _ in range(MAXIMUM_REDIRECTS + 1):
        secrets = Secrets(options.headers)
        try:
            report = _probed(url, options)
            yield _result_of(report, options, secrets)
            target = _redirect(report) if options.follow else None
        except (ProbeError, ValueError) as error:
            why = str(error).replace(repr(url), repr(without_user(url)))
            raise NoAnswerError(secrets.hidden_where_cut(via + why)) from None
        if target is None:
            return
        options = _redirected(options, report, target)
        url, via = target, f"redirected to {without_user(target)}: "
    raise NoAnswerError(f"more than {MAXIMUM_REDIRECTS} redirects, the last to {without_user(url)}")


def _probed(url: str, options: Options) -> Report:
    try:
        report = probe(
            url,
            options.method,
            options.headers,
            options.body,
            keep_alive=options.again,
            http2=options.http2,
            insecure=options.insecure,
            timeout=options.timeout,
        )
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        needs = f"HTTP/2 needs {missing}: pip install 'wsgi-nocontent[http2]'"
        raise NoAnswerError(needs) from None
    if report.answer.ending == "out of time" and not report.findings:
        # It may be late, or never be sent: nobody can tell.
        came = f"{len(report.answer.content)} bytes of its content came"
        raise NoAnswerError(f"the answer has no end within {options.timeout:g} s; {came}")
    return report


def _result_of(report: Report, options: Options, secrets: Secrets) -> Result:
    answer, following = report.answer, report.next_answer
    heads = [*report.interim, answer]
    for each in [*heads, *([following] if following else [])]:
        secrets.learn(each.headers)
    after = [
        ("content", answer.raw_content, None),
        ("after the end", report.stray, report.stray_delay or None),
    ]
    if following:
        after.append(("the next answer", following.head + following.raw_content, None))
        after.append(("after the next answer", report.next_stray, None))
    else:
        after.append(("instead of the next answer", report.next_stray, None))
    version = "2" if options.http2 else "1.1"
    return Result(
        url=report.url,
        method=report.method,
        request=_request_lines(Target.of(report.url).path, version, options, secrets),
        heads=[_lines(each.head.decode("latin-1"), secrets) for each in heads],
        status_code=answer.status_code,
        after=[
            Part(what, len(data), _hidden(data, secrets), delay)
            for what, data, delay in after
            if data
        ],
        without_content=report.rule is not None,
        findings=[
            each._replace(seen=secrets.hidden_where_cut(each.seen)) for each in report.findings
        ],
    )


def _request_lines(path: str, version: str, options: Options, secrets: Secrets) -> list[str]:
    fields = [f"{name}: {value}" for name, value in options.headers]
    return [secrets.hidden(line) for line in (f"{options.method} {path} HTTP/{version}", *fields)]


def _lines(head: str, secrets: Secrets) -> list[str]:
    return re.split(r"\r?\n", secrets.hidden(head).rstrip("\r\n"))


def _hidden(data: bytes, secrets: Secrets) -> bytes:
    return secrets.hidden(data.decode("latin-1")).encode("latin-1")


def _redirect(report: Report) -> str | None:
    """Where an answer says that the request is to be made (RFC 9110 §15.4), if it does.

    :raises ValueError: if that is nowhere.
    """
    locations = report.answer.values("location")
    if report.answer.status_code not in (301, 302, 303, 307, 308) or not locations:
        return None
    target = urljoin(report.url, locations[0])
    Target.of(target)
    return target


def _redirected(options: Options, report: Report, target: str) -> Options:
    """How to ask there, as browsers do (RFC 9110 §15.4)."""
    status_code = report.answer.status_code
    dropped: set[str] = set()
    if (status_code == 303 and options.method != "HEAD") or (
        status_code in (301, 302) and options.method == "POST"
    ):
        options = options._replace(method="GET", body=b"")
        dropped |= {"content-type", "content-length", "content-encoding", "transfer-encoding"}
    if Target.of(target)[:3] != Target.of(report.url)[:3]:
        # What is for one origin is not for another.
        dropped |= {"host", *(name.lower() for name, _ in options.headers if is_secret(name))}
    return options._replace(
        headers=tuple(field for field in options.headers if field[0].lower() not in dropped)
    )


def ask_app(app: WSGIApplication, path: str, options: Options) -> Iterator[Result]:
    """Ask an application in this process, and give its answer.

    By default a finding is what :class:`NoContentMiddleware` calls a violation; with
    ``options.strict`` it is whatever HTTP does not allow in what the application sends, also
    what a middleware would mend in silence, and a redirect or an error page is no answer.

    :raises NoAnswerError: if there is none: it raises, or breaks PEP 3333.
    """
    if not path.startswith("/"):
        raise NoAnswerError(f"a path begins with /, as /{path} does")
    secrets = Secrets(options.headers)
    # What a middleware within mends is told of here, and need not be logged.
    violations: list[Violation] = []
    before, watch.watchers = watch.watchers, (violations.append,)
    logger = logging.getLogger(LOGGER)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        with redirect_stdout(sys.stderr):
            status, headers, body = _answer_of(app, _environ_for(path, options))
    except NoContentError as error:
        # A middleware within that raises.
        status, headers, body = error.violation.status, [], b""
    except (Exception, SystemExit) as error:
        raise NoAnswerError(secrets.hidden(in_a_line(error))) from error
    finally:
        watch.watchers, logger.disabled = before, was_disabled
    status_code = int(status[:3])
    if options.strict and status_code >= 300 and status_code != 304:
        raise NoAnswerError(f"the app answers {status}, so there is nothing to check")
    rule = rule_of(options.method, status_code)
    findings: list[Finding] = []
    if rule:
        findings += findings_in_fields(rule, headers)
        findings += findings_in_body(rule, body)
        if not options.strict:
            findings = [finding for finding in findings if finding.requirement not in _SILENT]
    for violation in violations:
        findings += _findings_of(violation)
    secrets.learn(headers)
    head = "\n".join([status, *(f"{name}: {value}" for name, value in headers)])
    yield Result(
        url=path,
        method=options.method,
        request=_request_lines(path, "1.1", options, secrets),
        heads=[_lines(head, secrets)],
        status_code=status_code,
        after=[Part("the first chunk", len(body), _hidden(body, secrets))] if body else [],
        without_content=rule is not None,
        findings=[each._replace(seen=secrets.hidden_where_cut(each.seen)) for each in findings],
    )


def _environ_for(path: str, options: Options) -> WSGIEnvironment:
    path, _, query = path.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": options.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(options.body),
        "wsgi.errors": sys.stderr,
    }
    if options.body:
        environ["CONTENT_LENGTH"] = str(len(options.body))
    for name, value in options.headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        again = key.startswith("HTTP_") and key in environ
        environ[key] = f"{environ[key]},{value}" if again else value
    setup_testing_defaults(environ)
    return environ


def _answer_of(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, bytes]:
    """Give the head, and what was written with the first chunk that is not empty."""
    head: tuple[str, Headers] | None = None
    sent: list[bytes] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Any:
        nonlocal head
        if exc_info and any(sent):
            raise exc_info[1].with_traceback(exc_info[2])
        if head and not exc_info:
            raise AssertionError("start_response() was called twice without exc_info")
        if not isinstance(status, str) or not re.match(r"[1-9]\d\d( |$)", status):
            raise AssertionError(f"a status is three digits and a reason, not {status!r}")
        for field in headers:
            if type(field) is not tuple or [type(part) for part in field] != [str, str]:
                raise AssertionError(f"a header field is a tuple of two strings, not {field!r}")
        head = status, list(headers)
        return sent.append

    iterable = _called(app, environ, start_response)
    try:
        for chunk in iterable:
            if chunk:
                sent.append(chunk)
                break
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    if head is None:
        raise AssertionError("start_response() was not called")
    return (*head, b"".join(sent))


def _called(app: Any, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
    """Call an application.

    :raises TypeError: if it does not take what one does.
    """
    try:
        return app(environ, start_response)
    except TypeError as error:
        if len(traceback.extract_tb(error.__traceback__)) > 1:
            raise
        # Its own code was not reached.
        hint = "it is no WSGI app; of a factory, name what it returns"
        raise TypeError(f"{hint} ({error})") from None


def _findings_of(violation: Violation) -> Iterator[Finding]:
    """What a middleware within the application has mended, so that it is not seen."""
    if violation.content_length is not None:
        length = ("Content-Length", violation.content_length)
        yield from findings_in_fields(violation.rule, [length])
    if violation.body_size:
        yield Finding(no_body_by(violation.rule), f"body: {violation.body_size} bytes")


def in_a_line(error: BaseException) -> str:
    """Say what was raised, and where."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = "and can not say why"
    *_, frame = traceback.extract_tb(error.__traceback__)
    what = ": ".join(filter(None, [type(error).__name__, said]))
    return f"{what} ({frame.filename}, line {frame.lineno})"
