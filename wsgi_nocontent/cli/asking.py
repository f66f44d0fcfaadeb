"""Ask a URL or an application, and give what came in one form."""

from __future__ import annotations

import io
import logging
import re
import sys
import traceback
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urljoin, urlsplit
from wsgiref.util import setup_testing_defaults

from .. import watch
from ..log import LOGGER
from ..probe import ProbeError, probe
from ..probe.report import rule_of
from ..probe.wire import Target
from ..requirements import (
    NO_BODY_ON_HEAD,
    NO_CODING,
    ONE_LENGTH,
    Finding,
    findings_in_body,
    findings_in_fields,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ..probe import Report
    from ..violation import Violation

MAXIMUM_REDIRECTS = 10

_SECRET = re.compile(
    r"^((?:proxy-)?authorization|(?:set-)?cookie2?)([ \t]*:[ \t]*)[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


class NotAskedError(Exception):
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
    #: What came after the head, each with what it is.
    after: list[tuple[str, bytes]]
    #: Whether the status, or HEAD, allows no content.
    without_content: bool
    findings: list[Finding]
    #: The answers that led here.
    redirects: list[Result]


def without_secrets(head: str) -> list[str]:
    """Give the lines of a head, but not what Authorization, Cookie and their like hold."""
    shown = _SECRET.sub(r"\1\2[redacted]", head.replace("\r\n", "\n"))
    return shown.rstrip("\n").split("\n")


def without_credentials(url: str) -> str:
    """Give a URL, or a text that has one, without a user's name and password."""
    return re.sub(r"//[^/@\s]*@", "//[redacted]@", url)


def ask_url(url: str, options: Options) -> Result:
    """Ask a URL, and where it redirects to if that is asked for.

    :raises NotAskedError: if there is no answer by HTTP.
    """
    redirects: list[Result] = []
    while True:
        report = _probed(url, options)
        result = _result_of(report, options, redirects)
        target = _redirect(report) if options.follow else None
        if target is None:
            return result
        redirects = [*redirects, result._replace(redirects=[])]
        if len(redirects) > MAXIMUM_REDIRECTS:
            raise NotAskedError(f"more than {MAXIMUM_REDIRECTS} redirects, the last to {target}")
        url, options = target, _redirected(options, report, target)


def _probed(url: str, options: Options) -> Report:
    try:
        return probe(
            url,
            options.method,
            options.headers,
            options.body,
            keep_alive=options.again,
            http2=options.http2,
            insecure=options.insecure,
            timeout=options.timeout,
        )
    except (ProbeError, ValueError) as error:
        raise NotAskedError(str(error)) from None
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        needs = f"HTTP/2 needs {missing}: pip install 'wsgi-nocontent[http2]'"
        raise NotAskedError(needs) from None


def _result_of(report: Report, options: Options, redirects: list[Result]) -> Result:
    answer = report.answer
    version = "2" if options.http2 else "1.1"
    late = (report.stray_delay or 0) * 1000
    after = [
        ("content", answer.raw_content),
        (f"after the end, {late:.0f} ms later" if late >= 1 else "after the end", report.stray),
    ]
    if report.next_answer:
        came = report.next_answer.head + report.next_answer.raw_content
        after += [("the next answer", came), ("after the next answer", report.next_stray)]
    else:
        after.append(("instead of the next answer", report.next_stray))
    return Result(
        url=report.url,
        method=report.method,
        request=_request_lines(Target.of(report.url).path, version, options),
        heads=[without_secrets(each.head.decode("latin-1")) for each in [*report.interim, answer]],
        status_code=answer.status_code,
        after=[(what, data) for what, data in after if data],
        without_content=report.rule is not None,
        findings=report.findings,
        redirects=redirects,
    )


def _request_lines(path: str, version: str, options: Options) -> list[str]:
    fields = [f"{name}: {value}" for name, value in options.headers]
    return without_secrets("\n".join([f"{options.method} {path} HTTP/{version}", *fields]))


def _redirect(report: Report) -> str | None:
    """Where an answer says that the request is to be made (RFC 9110 §15.4), if it does."""
    locations = report.answer.values("location")
    if report.answer.status_code not in (301, 302, 303, 307, 308) or not locations:
        return None
    return urljoin(report.url, locations[0])


def _redirected(options: Options, report: Report, target: str) -> Options:
    """How to ask there, as browsers do (RFC 9110 §15.4)."""
    status_code = report.answer.status_code
    dropped: set[str] = set()
    if (status_code == 303 and options.method != "HEAD") or (
        status_code in (301, 302) and options.method == "POST"
    ):
        options = options._replace(method="GET", body=b"")
        dropped |= {"content-type", "content-length", "content-encoding", "transfer-encoding"}
    if urlsplit(target)[:2] != urlsplit(report.url)[:2]:
        # What is for one origin is not for another.
        dropped |= {"authorization", "cookie", "host", "proxy-authorization"}
    return options._replace(
        headers=tuple(field for field in options.headers if field[0].lower() not in dropped)
    )


def ask_app(app: WSGIApplication, path: str, options: Options) -> Result:
    """Ask an application in this process.

    By default a finding is what :class:`NoContentMiddleware` calls a violation; with
    ``options.strict`` it is whatever HTTP does not allow, also what the middleware mends in
    silence.

    :raises NotAskedError: if there is no answer: it raises, or breaks PEP 3333.
    """
    if not path.startswith("/"):
        raise NotAskedError(f"a path begins with /, as /{path} does")
    violations: list[Violation] = []
    before, watch.watchers = watch.watchers, (violations.append,)
    logger = logging.getLogger(LOGGER)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        status, headers, body = _answer_of(app, _environ_for(path, options))
    except Exception as error:
        raise NotAskedError(in_a_line(error)) from error
    finally:
        watch.watchers, logger.disabled = before, was_disabled
    status_code = int(status[:3])
    rule = rule_of(options.method, status_code)
    findings = []
    if rule:
        findings = [*findings_in_fields(rule, headers), *findings_in_body(rule, body)]
        if not options.strict:
            findings = [finding for finding in findings if _is_violation(finding)]
    for violation in violations:
        findings += _findings_of(violation)
    head = "\n".join([status, *(f"{name}: {value}" for name, value in headers)])
    return Result(
        url=path,
        method=options.method,
        request=_request_lines(path, "1.1", options),
        heads=[without_secrets(head)],
        status_code=status_code,
        after=[("content", body)] if body else [],
        without_content=rule is not None,
        findings=findings,
        redirects=[],
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
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    setup_testing_defaults(environ)
    return environ


def _answer_of(
    app: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Give the head, and what was written and the first chunk that is not empty."""
    head: tuple[str, list[tuple[str, str]]] | None = None
    sent: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal head
        if exc_info and any(sent):
            raise exc_info[1].with_traceback(exc_info[2])
        if head and not exc_info:
            raise AssertionError("start_response() was called twice without exc_info")
        head = status, list(headers)
        return sent.append

    iterable = app(environ, start_response)
    try:
        sent += _first_of(iterable)
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    if head is None:
        raise AssertionError("start_response() was not called")
    status, headers = head
    if not re.match(r"[1-9]\d\d( |$)", status):
        raise AssertionError(f"a status is three digits and a reason, not {status!r}")
    return status, headers, b"".join(sent)


def _first_of(iterable: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in iterable:
        if chunk:
            yield chunk
            return


def _is_violation(finding: Finding) -> bool:
    """Whether the middleware tells of it: see :class:`Violation`."""
    zero = finding.seen.partition(": ")[2].strip("0 \t") == ""
    return finding.rule not in (NO_CODING, ONE_LENGTH, NO_BODY_ON_HEAD) and not zero


def _findings_of(violation: Violation) -> Iterator[Finding]:
    """What a middleware within the application has mended, so that it is not seen."""
    if violation.content_length is not None:
        length = ("Content-Length", violation.content_length)
        yield from findings_in_fields(violation.rule, [length])
    if violation.body_size:
        for finding in findings_in_body(violation.rule, b"?"):
            yield finding._replace(seen=f"body: {violation.body_size} bytes")


def in_a_line(error: BaseException) -> str:
    """Say what was raised, and where."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    what = ": ".join(filter(None, [type(error).__name__, " ".join(str(error).split())]))
    return f"{what} ({frame.filename}, line {frame.lineno})"
