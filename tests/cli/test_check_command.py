"""``wsgi-nocontent check``: an app in this process, without any server."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from rich.console import Console

from demo.apps import ROOT
from tests.cli.test_probe_command import SCHEMA, Run
from tests.unit.forms import FORMS
from tests.unit.server import Oops, Recorded, restart
from wsgi_nocontent import NoContentMiddleware, watch
from wsgi_nocontent.cli import main
from wsgi_nocontent.cli.commands import run as run_in
from wsgi_nocontent.requirements import NO_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse

HERE = "tests.cli.test_check_command"
LENGTH = [("Content-Length", "4")]
closed: list[str] = []

bad = FORMS["a_lazy_generator"]("204 No Content", LENGTH)
wrapped = NoContentMiddleware(bad)


def echo(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the query asks: a status code, and ``length``, ``coding``, ``body``."""
    code, *wanted = environ["QUERY_STRING"].split("&")
    fields = {
        "zero": ("Content-Length", "0"),
        "twice": ("Content-Length", "0"),
        "spaced": ("Content-Length", "\t0 "),
        "length": ("Content-Length", "4"),
        "coding": ("Transfer-Encoding", "chunked"),
    }
    start_response(f"{code} Odd", [fields[name] for name in wanted if name in fields])
    return [b"null"] if "body" in wanted else []


def tell(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("205 Odd", [("Content-Type", "text/plain")])
    names = [
        *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_A"),
        *("CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL", "REMOTE_ADDR", "wsgi.url_scheme"),
    ]
    told = [environ[name] for name in names] + [environ["wsgi.input"].read().decode()]
    environ["wsgi.errors"].write("told\n")
    return [json.dumps(told).encode()]


def length_alone(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 Odd", LENGTH)
    return []


wrapped_without_a_body = NoContentMiddleware(length_alone)
raises = NoContentMiddleware(bad, on_violation="raise")
wrapped_without_a_length = NoContentMiddleware(FORMS["a_list"]("205 Odd", []))


def endless(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 Odd", [])
    return Recorded(iter(lambda: b"x", b""), closed)


def restarted(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 Odd", LENGTH)
    restart(start_response, "304 Odd", [])
    return []


def as_bytes(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("204 Odd", [(b"Content-Length", "4")])
    return []


def a_number(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("205 Odd", [("Content-Length", 4)])
    return []


def lengthened(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    """Let something without the middleware do what that has mended."""

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        return start_response(status, [*headers, ("Content-Length", "7")], exc_info)

    return wrapped(environ, start)


def long(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with so many lengths as the query says, and so many more lines, each so long."""
    lengths, lines, size = map(int, environ["QUERY_STRING"].split("&"))
    line = ("A", "x" * (size - len("A: ")))
    start_response("204 Odd", [*LENGTH * lengths, *[line] * lines])
    return []


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


def unspeakable(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    raise Unspeakable


def leaving(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    sys.exit(0)


def factory() -> None:
    raise AssertionError


def confused(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    raise TypeError("in the view")


def secret(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 Odd", [("Set-Cookie", "a=c2VjcmV0"), ("Content-Length", "4")])
    return [environ["HTTP_COOKIE"].encode()]


def talkative(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    print("here I am")
    return bad(environ, start_response)


def raising(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
    raise Oops("in\nthe view")


def restarted_too_late(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])(b"some")
    restart(start_response, "204 Odd", [])
    return []


def started_twice(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 Odd", [])
    start_response("204 Odd", [])
    return []


def never_started(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    return []


def without_a_status(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    start_response("OK", [])
    return []


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Any:
    def check(app: str, *arguments: str) -> Run:
        name = app if ":" in app else f"{HERE}:{app}"
        return Run(main(["check", name, *arguments]), *capsys.readouterr())

    return check


def findings(run: Run) -> list[str]:
    (line,) = run.out.splitlines()
    told = json.loads(line)
    jsonschema.validate(told, SCHEMA)
    return [finding["seen"] for finding in told["findings"]]


def test_it_names_violations_as_probe_does(check: Any) -> None:
    done = check("bad", "/items/1", "-X", "DELETE")
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith(
        "✗ DELETE /items/1\n"
        "> DELETE /items/1 HTTP/1.1\n"
        "< 204 No Content\n"
        "< Content-Length: 4\n"
        '  the first chunk, 2 bytes: "nu"\n'
        "\n"
        "  Content-Length: 4\n"
        "    rule  a 1xx or 204 response has no Content-Length (RFC 9110 §8.6)\n"
        "    risk  an HTTP/2 front"
    )
    assert '\n  body: "nu"\n    rule  ' in done.out


def test_the_json_has_all_of_it(check: Any) -> None:
    done = check("length_alone", "/items/1?a=b", "-X", "DELETE", "-H", "A: b", "--json")
    assert json.loads(done.out) == {
        "app": f"{HERE}:length_alone",
        "url": "/items/1?a=b",
        "method": "DELETE",
        "request": ["DELETE /items/1?a=b HTTP/1.1", "A: b"],
        "heads": [["204 Odd", "Content-Length: 4"]],
        "status_code": 204,
        "after": [],
        "clean": False,
        "findings": [
            {
                "seen": "Content-Length: 4",
                "rule": NO_LENGTH.name,
                "text": NO_LENGTH.text,
                "section": NO_LENGTH.section,
                "consequence": NO_LENGTH.consequence,
                "remedy": NO_LENGTH.remedy.format(code=204),
            }
        ],
        "redirects": [],
        "error": None,
    }
    (part,) = json.loads(check("endless", "/", "--json").out)["after"]
    assert part == {"what": "the first chunk", "delay": None, "size": 1, "begins": "x"}


IN_A_TERMINAL = """\
<1;31>✗ GET /?204&length&body<0>
<2>> <0>GET /?204&length&body HTTP/1.1
<2>< <0>204 Odd
<2>< <0>Content-Length: 4
<2>  <0>the first chunk, 4 bytes: "null"

<2>  <0><1>Content-Length: 4<0>
<2>    rule  <0>a 1xx or 204 response has no
<2>          <0>Content-Length (RFC 9110 §8.6)
<2>    risk  <0>an HTTP/2 front hands it on, and
<2>          <0>clients such as curl refuse it
<2>          <0>with PROTOCOL_ERROR, or the front
<2>          <0>itself answers 502
<2>    mend  <0>return an empty body: in Flask by
<2>          <0>"return '', 204", in Django by
<2>          <0>"return HttpResponse(status=204)",
<2>          <0>in any WSGI app by [] without
<2>          <0>Content-Length.
<2>          <0>NoContentMiddleware does it for
<2>          <0>every view of an app

<2>  <0><1>body: "null"<0>
<2>    rule  <0>a 1xx, 204 or 304 response ends
<2>          <0>with its head (RFC 9110 §6.4.1)
<2>    risk  <0>on a connection that is kept, a
<2>          <0>client takes these bytes for its
<2>          <0>next answer
<2>    mend  <0>as above

<32>✓ GET /?204: 204, and no content<0>
<33>? GET /?500: 500, an error<0>

 <1>asked          <0><1> <0> <1>status<0><1> <0> <1>found           <0><1> <0>
 ──────────────────────────────────────────
 GET              204     <31>Content-Length: <0>
 /?204&length&bo          <31>4               <0>
 dy                       <31>body: "null"    <0>
 GET /?204        204     <32>clean           <0>
 GET /?500        500     <33>an error        <0>
 GET items                <31>no answer       <0>

"""


def in_a_terminal(width: int, app: str, *paths: str) -> str:
    """Give what it writes to a terminal, with styles as ``<1;31>``, and without what none sees."""
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="standard", no_color=False, width=width
    )
    run_in(["check", f"{HERE}:{app}", *paths], console)
    written = re.sub(r"\x1b\[([\d;]*)m", r"<\1>", out.getvalue())
    return re.sub(" +$", "", written, flags=re.MULTILINE)


def test_a_terminal_has_all_of_it_in_its_colours() -> None:
    asked = ["/?204&length&body", "/?204", "/?500", "items"]
    assert in_a_terminal(44, "echo", *asked) == IN_A_TERMINAL


NARROW_TABLE = """\
 GET          204     <31>Transfer-E<0>
 /?204&codin          <31>ncoding:  <0>
 g&body               <31>chunked   <0>
                      <31>body:     <0>
                      <31>"null"    <0>
 GET /?204    204     <32>clean     <0>

"""


def test_in_a_narrow_one_a_table_loses_nothing() -> None:
    written = in_a_terminal(34, "echo", "--strict", "/?204&coding&body", "/?204")
    assert written.endswith(f"─\n{NARROW_TABLE}")
    lines = re.sub("<[0-9;]+>", "", in_a_terminal(11, "echo", "/?204&body")).splitlines()
    assert max(map(len, lines)) == 11
    assert "NoContentMiddleware" in "".join("".join(lines).split())


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_body_is_one(check: Any, monkeypatch: Any, form: str) -> None:
    monkeypatch.setattr(f"{HERE}.bad", FORMS[form]("204 No Content", []))
    done = check("bad", "/", "--json")
    assert done.status == 1
    (seen,) = findings(done)
    assert seen in ('body: "nu"', 'body: "null"')


@pytest.mark.parametrize(
    ("answer", "seen", "strictly"),
    [
        ("204&length", ["Content-Length: 4"], None),
        ("204&body", ['body: "null"'], None),
        ("304&body", ['body: "null"'], None),
        ("205&length&body", ["Content-Length: 4", 'body: "null"'], None),
        ("304&length", [], None),
        ("204&zero", [], ["Content-Length: 0"]),
        ("204&spaced", [], ["Content-Length: \t0 "]),
        ("204&coding", [], ["Transfer-Encoding: chunked"]),
        ("205&zero&twice", [], ["Content-Length: 0, 0"]),
        ("205&zero", [], None),
        ("200&body", [], None),
    ],
)
def test_strict_is_as_strict_as_http(
    check: Any, answer: str, seen: list[str], strictly: list[str] | None
) -> None:
    for arguments, expected in ([], seen), (["--strict"], seen if strictly is None else strictly):
        done = check("echo", f"/?{answer}", "--json", *arguments)
        assert findings(done) == expected
        assert done.status == bool(expected)


def test_a_body_to_head_is_for_strict_alone(check: Any) -> None:
    assert findings(check("echo", "/?200&body", "-X", "HEAD", "--json")) == []
    done = check("echo", "/?200&body", "-X", "HEAD", "--json", "--strict")
    assert findings(done) == ['body: "null"']


def test_a_middleware_within_hides_nothing(check: Any, caplog: pytest.LogCaptureFixture) -> None:
    for arguments in [], ["--strict"]:
        done = check("wrapped", "/", "--json", *arguments)
        assert findings(done) == ["Content-Length: 4", "body: 2 bytes"]
        assert (done.status, done.err) == (1, "")
    assert findings(check("wrapped_without_a_body", "/", "--json")) == ["Content-Length: 4"]
    done = check("wrapped_without_a_length", "/", "--json")
    assert findings(done) == ["body: 4 bytes"]
    assert json.loads(done.out)["findings"][0]["rule"] == "empty-reset"
    done = check("lengthened", "/", "--json")
    assert findings(done) == ["Content-Length: 7", "Content-Length: 4", "body: 2 bytes"]
    # It is not logged as well.
    assert caplog.records == []


def test_the_app_is_asked_as_it_would_be(check: Any) -> None:
    fields = ["-H", "A: b", "-H", "Content-Type: text/tea", "-H", "a:c"]
    arguments = ["-X", "PUT", *fields, "--data", "tea"]
    done = check("tell", "/caf%C3%A9?q=%20?", *arguments, "--json")
    begins = json.loads(done.out)["after"][0]["begins"]
    assert json.loads(begins) == [
        *("PUT", "", "/caf\xc3\xa9", "q=%20?", "b,c", "text/tea", "3"),
        *("HTTP/1.1", "127.0.0.1", "http", "tea"),
    ]
    assert done.err == "told\n"
    done = check("tell", "/", *fields, "-H", "Content-Length: 0", "--json")
    assert json.loads(json.loads(done.out)["after"][0]["begins"])[6] == "0"


def test_of_an_endless_body_a_chunk_is_taken_and_it_is_closed(check: Any) -> None:
    closed.clear()
    assert findings(check("endless", "/", "--json")) == ['body: "x"']
    assert closed == ["take x", "close the app's"]


def test_a_restart_counts(check: Any) -> None:
    done = check("restarted", "/")
    assert (done.status, done.out) == (0, "✓ GET /: 304, and no content\n")


NOT_STRINGS = "AssertionError: a header field is a tuple of two strings, not"
NO_APP = "TypeError: it is no WSGI app; of a factory, name what it returns"


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ("raising", "Oops: in the view ("),
        ("restarted_too_late", "Oops ("),
        ("started_twice", "AssertionError: start_response() was called twice without exc_info ("),
        ("never_started", "AssertionError: start_response() was not called ("),
        ("without_a_status", "AssertionError: a status is three digits and a reason, not 'OK' ("),
        ("as_bytes", f"{NOT_STRINGS} (b'Content-Length', '4') ("),
        ("a_number", f"{NOT_STRINGS} ('Content-Length', 4) ("),
        ("unspeakable", "Unspeakable: and can not say why ("),
        ("leaving", "SystemExit: 0 ("),
        ("factory", f"{NO_APP} (factory() takes 0 positional arguments but 2 were given) ("),
        ("confused", "TypeError: in the view ("),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_app_that_fails_is_told_in_a_line(
    check: Any, app: str, why: str, form: list[str]
) -> None:
    done = check(app, "/x", *form)
    assert done.status == 2
    assert re.fullmatch(rf"wsgi-nocontent: /x: {re.escape(why)}/\S+\.py, line \d+\)\n", done.err)
    if form:
        told = json.loads(done.out)
        jsonschema.validate(told, SCHEMA)
        assert (told["app"], told["url"]) == (f"{HERE}:{app}", "/x")


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ("no_such:app", "'no_such:app': there is no module 'no_such' in "),
        (f"{HERE}:no_such", "has no attribute 'no_such'"),
        (f"{HERE}:HERE", "must name a callable"),
        ("a:b:c", 'an import string is "module:attribute"'),
        ("broken:app", "broken:app: ZeroDivisionError: division by zero ("),
        ("lacking:app", "lacking:app: ModuleNotFoundError: No module named 'no_such' ("),
        ("wrong:app", "wrong:app: SyntaxError: "),
        ("leaving:app", "leaving:app: SystemExit: needs a config ("),
    ],
)
def test_a_wrong_name_or_module_is_told_in_a_line(
    check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: str, why: str
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "lacking.py").write_text("import no_such\n")
    (tmp_path / "wrong.py").write_text("def\n")
    (tmp_path / "leaving.py").write_text("import sys\nprint('hello')\nsys.exit('needs a config')\n")
    monkeypatch.syspath_prepend(tmp_path)
    done = check(app, "/")
    assert (done.status, done.out) == (2, "")
    err = done.err.replace("hello\n", "")
    assert (err != done.err) == (app == "leaving:app")
    assert err.startswith("wsgi-nocontent: ")
    assert why in err
    assert err.count("\n") == 1


def test_a_wrong_name_is_told_without_a_place_in_the_code(check: Any) -> None:
    err = check(f"{HERE}:no_such", "/").err
    assert re.fullmatch(
        f"wsgi-nocontent: '{HERE}:no_such': <module .*> has no attribute 'no_such'\n", err
    )


def test_json_has_no_colours(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal that has some."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": ""}.items():
        monkeypatch.setenv(name, value)
    assert "\x1b" in check("bad", "/").out
    assert "\x1b" not in check("bad", "/", "--json").out


def test_what_is_long_is_cut(check: Any) -> None:
    whole = check("long", "/?20&19&400").out
    assert whole.count("Content-Length: 4\n") == 40
    assert "more" not in whole
    assert whole.count(f"< A: {'x' * 397}\n") == 19
    cut = check("long", "/?21&20&401").out
    assert cut.count("\n  Content-Length: 4\n") == 20
    assert cut.count(f"< A: {'x' * 397} and 1 characters more\n") == 18
    assert "\n< and 2 lines more\n" in cut
    assert cut.endswith("\n\n  and 1 findings more\n")


def test_what_an_app_prints_is_not_in_the_json(check: Any) -> None:
    done = check("talkative", "/", "--json")
    assert findings(done) == ["Content-Length: 4", 'body: "nu"']
    assert done.err == "here I am\n"


def test_one_that_raises_within_is_no_failure(check: Any) -> None:
    done = check("raises", "/", "--json")
    assert (done.status, done.err) == (1, "")
    assert findings(done) == ["Content-Length: 4"]


def test_an_error_is_where_it_was_raised(check: Any) -> None:
    assert f"{restart.__code__.co_filename}, line " in check("restarted_too_late", "/").err


def test_strict_wants_something_to_check(check: Any) -> None:
    assert check("echo", "/?400").status == 0
    done = check("echo", "/?400", "/?204", "--strict")
    assert done.status == 2
    assert done.err == (
        "wsgi-nocontent: /?400: the app answers 400 Odd, so there is nothing to check\n"
    )
    assert check("echo", "/?300", "--strict").status == 2
    assert check("echo", "/?299", "/?304", "--strict").status == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_secrets_are_not_shown(check: Any, form: list[str]) -> None:
    done = check("secret", "/", "-H", "Cookie: c2VjcmV0", *form)
    assert done.status == 1
    assert "c2VjcmV0" not in done.out + done.err
    assert "Set-Cookie: [redacted]" in done.out


def test_it_leaves_all_as_it_was(check: Any) -> None:
    logger = logging.getLogger("wsgi_nocontent")
    check("wrapped", "/")
    assert not logger.disabled
    assert watch.watchers == ()


def test_a_path_may_have_an_at_sign(check: Any) -> None:
    done = check("raising", "/@me", "/a:b@c")
    assert done.err.startswith("wsgi-nocontent: /@me: Oops")
    assert "GET /a:b@c " in done.out


def test_a_path_begins_with_a_slash(check: Any) -> None:
    done = check("bad", "items", "/x")
    assert done.status == 2
    assert done.err == "wsgi-nocontent: items: a path begins with /, as /items does\n"
    assert "✗ GET /x\n" in done.out


def test_elsewhere_than_in_a_terminal_a_line_is_as_long_as_it_is(check: Any) -> None:
    path = f"/?200&{'x y ' * 3000}z"
    assert f"GET {path}: 200" in check("echo", path).out


def test_elsewhere_than_in_a_terminal_a_table_folds_nothing(check: Any) -> None:
    path = f"/?204&length&body&{'x' * 300}"
    done = check("echo", path, "/?204")
    rows = [line.split() for line in done.out[done.out.index(" asked ") :].splitlines()]
    assert rows[2:4] == [["GET", path, "204", "Content-Length:", "4"], ["body:", '"null"']]


def without_django(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != "DJANGO_SETTINGS_MODULE"}


@pytest.mark.parametrize(
    ("demo", "app", "path"),
    [
        ("demo_flask", "app:app", "/legacy/write"),
        ("demo_flask", "wsgi:application", "/legacy/write"),
        ("demo_django", "inventory.wsgi:bare", "/bad_no_content"),
        ("demo_django", "inventory.wsgi:application", "/bad_no_content"),
    ],
)
def test_the_demos_as_a_user_would(demo: str, app: str, path: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wsgi_nocontent", "check", app, path, "/good_no_content"],
        cwd=ROOT / demo,
        env={**without_django(os.environ), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert f"✗ GET {path}\n" in done.stdout
    assert "\n  Content-Length: 4\n" in done.stdout
    assert "✓ GET /good_no_content: 204, and no content\n" in done.stdout
