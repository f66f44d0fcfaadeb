"""``wsgi-nocontent probe``, from its arguments to what it prints and its exit status."""

from __future__ import annotations

import importlib
import io
import json
import runpy
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import pytest
import trustme
from rich.console import Console

from demo.apps import ROOT
from tests.probe import frames
from tests.probe.peer import HOLD, NAP, READ, Peer, Step, secured
from wsgi_nocontent.cli import commands, main
from wsgi_nocontent.cli.asking import (
    MAXIMUM_REDIRECTS,
    NoAnswerError,
    Options,
    Part,
    Result,
    _redirected,
)
from wsgi_nocontent.cli.redaction import Secrets, without_user
from wsgi_nocontent.cli.showing import Screen
from wsgi_nocontent.requirements import NO_BODY, NO_LENGTH, Finding, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = json.loads(ROOT.joinpath("docs", "probe.schema.json").read_text(encoding="utf-8"))

BAD = b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nnull"
CLEAN = b"HTTP/1.1 204 No Content\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea"


class Run(NamedTuple):
    """What a run of the command came to."""

    status: int
    out: str
    err: str
    received: Sequence[bytes] = ()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str, scripts: Sequence[Sequence[Step]] = ()) -> Run:
        """Run it; ``{url}`` in its arguments is that of a server that plays the scripts."""
        with Peer(*scripts) as peer:
            given = [argument.format(url=peer.url, port=peer.port) for argument in arguments]
            status = main(["probe", *given])
        out, err = capsys.readouterr()
        out, err = (each.replace(peer.url, "URL/") for each in (out, err))
        return Run(status, out, err, peer.received)

    return run


class TestWhatItSays:
    def test_a_finding_comes_with_all_that_one_needs(self, run: Any) -> None:
        done = run("{url}bad", "-H", "Accept: */*", scripts=[[READ, BAD]])
        assert (done.status, done.err) == (1, "")
        assert done.out == (
            "✗ GET URL/bad\n"
            "> GET /bad HTTP/1.1\n"
            "> Accept: */*\n"
            "< HTTP/1.1 204 No Content\n"
            "< Content-Length: 4\n"
            '  after the end, 4 bytes: "null"\n'
            "\n"
            "  Content-Length: 4\n"
            "    rule  a 1xx or 204 response has no Content-Length (RFC 9110 §8.6)\n"
            "    risk  an HTTP/2 front hands it on, and clients such as curl refuse it with "
            "PROTOCOL_ERROR, or the front itself answers 502\n"
            "    mend  return an empty body: in Flask by \"return '', 204\", in Django by "
            '"return HttpResponse(status=204)", in any WSGI app by [] without Content-Length. '
            "NoContentMiddleware does it for every view of an app\n"
            "\n"
            '  body: "null"\n'
            "    rule  a 1xx, 204 or 304 response ends with its head (RFC 9110 §6.4.1)\n"
            "    risk  on a connection that is kept, a client takes these bytes for its next "
            "answer\n"
            "    mend  as above\n"
            "\n"
        )

    @pytest.mark.parametrize(
        ("answer", "line"),
        [
            (CLEAN, "✓ GET URL/: 204, and no content\n"),
            (PAGE, "✓ GET URL/: 200, which may have content\n"),
        ],
    )
    def test_a_clean_answer_is_one_line(self, run: Any, answer: bytes, line: str) -> None:
        done = run("{url}", scripts=[[READ, answer]])
        assert (done.status, done.out, done.err) == (0, line, "")

    def test_several_urls_have_a_table_last(self, run: Any) -> None:
        done = run("{url}a", "{url}b", "http://127.0.0.1:1/", scripts=[[READ, CLEAN], [READ, BAD]])
        assert done.status == 2
        table = done.out[done.out.index(" asked  ") :]
        rows = [" ".join(line.split()) for line in table.splitlines()]
        assert rows[2:] == [
            "GET URL/a 204 clean",
            "GET URL/b 204 Content-Length: 4",
            'body: "null"',
            "GET http://127.0.0.1:1/ no answer",
            "",
        ]

    def test_a_table_shows_urls_as_they_are(self, run: Any) -> None:
        odd = "http://127.0.0.1:1/[/a]:smile:[red]b"
        done = run(odd, "http://127.0.0.1:1/\x1b[2J")
        assert done.status == 2
        assert f"GET {odd} " in done.out
        assert "\\x1b[2J" in done.out
        assert "\x1b" not in done.out + done.err
        done = run("http://127.0.0.1:1/\udcff", "http://127.0.0.1:1/é")
        assert "\\udcff" in done.out
        answer = b"HTTP/1.1 204 No\r\nContent-Length: 4\x1b[2J\r\n\r\n"
        done = run("{url}", "{url}", scripts=[[READ, answer], [READ, CLEAN]])
        assert "Content-Length: 4\\x1b[2J" in done.out[done.out.index(" asked  ") :]
        assert "\x1b" not in done.out

    def test_a_table_is_short(self, run: Any) -> None:
        scripts = [
            [READ, b"HTTP/1.1 204 No Content\r\n" + b"Content-Length: 4\r\n" * lengths + b"\r\n"]
            for lengths in (3, 4, 10)
        ]
        done = run("{url}a", "{url}b", "{url}c", scripts=scripts)
        table = done.out[done.out.index(" asked  ") :]
        found = "Content-Length: 4"
        assert [" ".join(line.split()) for line in table.splitlines()[2:]] == [
            *(f"GET URL/a 204 {found}", found, found),
            *(f"GET URL/b 204 {found}", found, found, "and 1 more"),
            *(f"GET URL/c 204 {found}", found, found, "and 7 more"),
            "",
        ]

    def test_an_error_of_a_server_is_not_green(self, run: Any) -> None:
        for code in 502, 503, 504:
            answer = f"HTTP/1.1 {code} Oops\r\nContent-Length: 0\r\n\r\n".encode()
            done = run("{url}", scripts=[[READ, answer]])
            assert done.status == 0
            assert done.out == (
                f"? GET URL/: {code}, an error of a front, "
                "perhaps because of what is behind it: probe it\n"
            )
        answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
        done = run("{url}", "{url}", scripts=[[READ, answer], [READ, answer]])
        assert done.out.startswith("? GET URL/: 500, an error\n? GET")
        assert "an error" in done.out[done.out.index(" asked  ") :]
        assert "clean" not in done.out

    def test_nor_is_one_of_a_client(self, run: Any) -> None:
        """The view that is meant was perhaps never asked."""
        for code in 400, 499:
            answer = f"HTTP/1.1 {code} No\r\nContent-Length: 0\r\n\r\n".encode()
            done = run("{url}", "{url}", scripts=[[READ, answer], [READ, answer]])
            line = (
                f"? GET URL/: {code}, an error, perhaps before the view that is meant was asked\n"
            )
            assert done.status == 0
            assert done.out.startswith(line * 2)
            assert "clean" not in done.out
        answer = b"HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n"
        assert run("{url}", scripts=[[READ, answer]]).out.startswith("✓")

    def test_a_length_of_0_is_told_for_what_it_is(self, run: Any) -> None:
        answer = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
        done = run("{url}", scripts=[[READ, answer]])
        assert done.status == 1
        assert "risk  most clients and fronts let this one pass" in done.out
        assert "HttpResponse(" not in done.out

    def test_late_bytes_and_interim_responses_are_shown(self, run: Any) -> None:
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

        done = run("{url}", scripts=[[READ, early + CLEAN, NAP, b"null"]])
        assert "< HTTP/1.1 103 Early Hints\n< Link: </a>\n< HTTP/1.1 204 No Content\n" in done.out
        assert ' ms later, 4 bytes: "null"\n' in done.out
        done = run("{url}", scripts=[[READ, early * 2 + CLEAN + b"x"]])
        assert '\n  after the end, 1 byte: "x"\n' in done.out
        assert "interim responses" not in done.out

    def test_how_late_they_are_is_in_milliseconds(self) -> None:
        out = io.StringIO()
        after = [Part("late", 4, b"null", seconds) for seconds in (0.0009, 0.001, 1.0)]
        after.append(Part("long", 300, b"x" * 300))
        findings = [Finding(NO_BODY, "body")]
        Screen(Console(file=out)).show(Result("/", "GET", [], [], 204, after, True, findings))
        assert out.getvalue().startswith(
            "✗ GET /\n"
            '  late, 4 bytes: "null"\n'
            '  late, 1 ms later, 4 bytes: "null"\n'
            '  late, 1000 ms later, 4 bytes: "null"\n'
            f"  long, 300 bytes: {shown(b'x' * 300, 200)}\n"
        )

    def test_what_a_hostile_server_sends_is_escaped_and_cut(self, run: Any) -> None:
        head = b"HTTP/1.1 204 \x1b[31mNo\r\nX: \x9b2J" + b"y" * 1000 + b"\r\n" + b"Z: 1\r\n" * 100
        done = run("{url}", scripts=[[READ, head + b"\r\n" + b"\x1b]0;x\x07" * 1000]])
        assert done.status == 1
        assert all(character.isprintable() for character in done.out.replace("\n", ""))
        assert "< X: \\x9b2J" + "y" * 394 + " and 606 characters more\n" in done.out
        assert "< and 62 lines more\n" in done.out
        assert len(done.out) < 10_000

    def test_nor_is_it_long_otherwise(self, run: Any) -> None:
        early = b"HTTP/1.1 103 Early\r\n" + b"A: b\r\n" * 30 + b"\r\n"
        head = b"HTTP/1.1 204 No\r\nContent-Length: " + b"9" * 5000 + b"\r\n"
        fields = b"Transfer-Encoding: x\r\n" * 1000 + b"\r\n"
        done = run("{url}", "{url}", scripts=[[READ, early * 50 + head + fields], [READ, CLEAN]])
        assert done.status == 1
        assert "  and 981 findings more\n" in done.out
        assert "< 48 interim responses\n< HTTP/1.1 103 Early\n" in done.out
        assert "< HTTP/1.1 204 No\n< Content-Length: 99" in done.out
        assert len(done.out) < 20_000
        illegal = b"HTTP/1.1 204 No\r\nA B" + b"9" * 5000 + b"\r\n\r\n"
        done = run("{url}", scripts=[[READ, illegal]])
        assert done.status == 2
        assert len(done.err) < 600

    @pytest.mark.parametrize("method", ["102", "304"])
    def test_the_remedy_is_for_that_status(self, run: Any, method: str) -> None:
        answer = BAD.replace(b"204 No Content", method.encode() + b" Odd")
        done = run("{url}", "--timeout", "0.3", scripts=[[READ, answer, HOLD]])
        assert done.status == 1
        code = "204" if method == "102" else method
        assert f"return HttpResponse(status={code})" in done.out


class TestWhatItSends:
    def test_one_request_and_no_more(self, run: Any) -> None:
        answer = CLEAN.replace(b"204 No Content\r\n", b"304 Not Modified\r\nContent-Length: 4\r\n")
        done = run("{url}a?b=c", scripts=[[READ, answer]])
        (received,) = done.received
        request_line, *fields = received.split(b"\r\n")
        assert request_line == b"GET /a?b=c HTTP/1.1"
        names = [field.partition(b":")[0] for field in fields if field]
        assert names == [b"Host", b"User-Agent", b"Connection"]

    def test_method_fields_and_body_are_those_that_are_given(self, run: Any) -> None:
        arguments = ["-X", "PUT", "-H", "A: 1", "-H", "A:2", "--data", "té"]
        (received,) = run("{url}", *arguments, scripts=[[READ, CLEAN]]).received
        assert received.startswith(b"PUT / HTTP/1.1\r\n")
        assert b"\r\nA: 1\r\nA: 2\r\n" in received
        assert received.endswith(b"\r\n\r\nt\xc3\xa9")

    def test_data_is_posted(self, run: Any) -> None:
        (received,) = run("{url}", "--data", "", scripts=[[READ, CLEAN]]).received
        assert received.startswith(b"POST / HTTP/1.1\r\n")

    def test_data_may_be_any_bytes(self, run: Any) -> None:
        as_python_has_it = b"\xff\x80".decode(errors="surrogateescape")
        (received,) = run("{url}", "--data", as_python_has_it, scripts=[[READ, CLEAN]]).received
        assert received.endswith(b"\r\n\r\n\xff\x80")

    def test_it_asks_again_if_it_is_told_to(self, run: Any) -> None:
        second = CLEAN.replace(b"\r\n\r\n", b"\r\nSecond: 1\r\n\r\n")
        done = run("{url}", "--again", scripts=[[READ, BAD, READ, second]])
        assert done.status == 1
        (received,) = done.received
        assert received.count(b"GET / HTTP/1.1") == 2
        assert 'as the next answer: "null"' in done.out

    def test_what_came_next_is_shown(self, run: Any) -> None:
        done = run("{url}", "--again", scripts=[[READ, PAGE, READ, PAGE + b"more"]])
        assert done.status == 1
        assert '  the next answer, 41 bytes: "HTTP/1.1 200 OK' in done.out
        assert '  after the next answer, 4 bytes: "more"\n' in done.out
        done = run("{url}", "--again", scripts=[[READ, PAGE, READ, b"null"]])
        assert '  instead of the next answer, 4 bytes: "null"\n' in done.out

    def test_each_option_is_heeded_and_has_its_default(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[str, Options]] = []

        def ask(url: str, options: Options) -> None:
            asked.append((url, options))
            raise NoAnswerError

        monkeypatch.setattr("wsgi_nocontent.cli.commands.ask_url", ask)
        flags = ["--http2", "--insecure", "--follow", "--again", "--timeout", "999999.5"]
        main(["probe", "a"])
        main(["probe", "a", "--method", "PUT", "--header", " B : c:d ", "--data", "e", *flags])
        assert asked == [
            ("a", Options("GET", (), b"", False, False, 10.0, False, False, False)),
            ("a", Options("PUT", (("B", "c:d"),), b"e", True, True, 999999.5, True, True, False)),
        ]

    def test_any_certificate_will_do_if_it_is_told_so(self, run: Any) -> None:
        with Peer([], [READ, CLEAN], tls=secured(trustme.CA())) as peer:
            assert run(peer.url).status == 2
            done = run(peer.url, "--insecure")
        assert done.status == 0
        hint = "by HTTP/1.1; try --http2"
        assert done.out == f"✓ GET {peer.url}: 204, and no content, {hint}\n"

    def test_what_is_clean_by_http2_needs_no_hint(self, run: Any) -> None:
        tls = secured(trustme.CA())
        tls.set_alpn_protocols(["h2"])
        clean = frames.head((":status", "204"), end=True)
        with Peer([frames.SETTINGS, frames.READ, clean], tls=tls) as peer:
            done = run(peer.url, "--insecure", "--http2")
        assert (done.status, done.out) == (0, f"✓ GET {peer.url}: 204, and no content\n")

    def test_by_http2(self, run: Any) -> None:
        answer = frames.head((":status", "204"), ("content-length", "4")) + frames.data(b"null")
        script = [frames.SETTINGS, frames.READ, answer, frames.READ]
        done = run("{url}", "--http2", scripts=[script])
        assert done.out.startswith(
            "✗ GET URL/\n"
            "> GET / HTTP/2\n"
            "< HTTP/2 204\n"
            "< content-length: 4\n"
            '  content, 4 bytes: "null"\n'
            "\n"
            "  content-length: 4\n"
        )


class TestSecrets:
    HEADERS = (
        "Authorization: Basic c2VjcmV0",
        "cookie: session=c2VjcmV0",
        "Proxy-Authorization: Bearer c2VjcmV0",
        "X-API-Key: c2VjcmV0",
    )
    ANSWER = BAD.replace(
        b"\r\n", b"\r\nSET-COOKIE: session=c2VjcmV0\r\n  c2VjcmV0; HttpOnly\r\n", 1
    )

    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_they_are_sent_and_not_shown(self, run: Any, form: list[str]) -> None:
        arguments = [word for field in self.HEADERS for word in ("-H", field)]
        done = run("{url}", *arguments, *form, scripts=[[READ, self.ANSWER]])
        assert done.received[0].count(b"c2VjcmV0") == 4
        assert "c2VjcmV0" not in done.out + done.err
        for name in "Authorization", "cookie", "Proxy-Authorization", "X-API-Key", "SET-COOKIE":
            assert f"{name}: [redacted]" in done.out
        assert "Content-Length: 4" in done.out

    def test_nor_are_credentials_in_a_url(self, run: Any) -> None:
        done = run("http://me:c2VjcmV0@127.0.0.1:1/")
        assert done.status == 2
        assert done.err == (
            "wsgi-nocontent: http://[redacted]@127.0.0.1:1/: credentials go into a header field, "
            "not into the URL 'http://[redacted]@127.0.0.1:1/'\n"
        )
        for user in "me:p@c2VjcmV0", "me:p c2VjcmV0", "me:p/c2VjcmV0":
            for scheme in "http://", "":
                for form in [], ["--json"]:
                    done = run(f"{scheme}{user}@127.0.0.1:1/", *form)
                    assert done.status == 2
                    assert "c2VjcmV0" not in done.out + done.err

    @pytest.mark.parametrize(
        "answer",
        [
            BAD.replace(b"null", b"Set-Cookie: a=c2VjcmV0\r\n\r\n"),
            BAD.replace(b"null", b"you sent c2VjcmV0=sent"),
            BAD.replace(b"null", b"you have sent c2VjcmV0=sent"),
            BAD.replace(b"\r\n", b"\r\nLocation: http://me:c2VjcmV0@there/\r\n", 1),
            BAD.replace(b"\r\n", b"\r\nSet-Cookie : a=c2VjcmV0\r\n", 1),
            BAD.replace(b"\r\n", b"\r\nSet-Cookie2: a=c2VjcmV0\r\n\t c2VjcmV0\r\n", 1),
            b"Set-Cookie: a=c2VjcmV0\r\n\r\n",
        ],
    )
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_nor_where_else_a_server_may_put_them(
        self, run: Any, answer: bytes, form: list[str]
    ) -> None:
        cookie = ["-H", "Cookie: c2VjcmV0=sent"]
        done = run("{url}", *cookie, *form, scripts=[[READ, answer]])
        assert done.status > 0
        assert b"c2VjcmV0" in done.received[0]
        assert "c2VjcmV0" not in done.out + done.err

    @pytest.mark.parametrize(
        "name",
        [
            *("Set-Cookie2", "X-Forwarded-Authorization", "X-Auth-Token", "TOKEN", "X-Password"),
            *("CF-Access-Client-Secret", "X-Auth-Key", "Access-Key", "ApiKey", "X_API_KEY"),
        ],
    )
    def test_by_such_a_name_it_is_taken_for_one(self, name: str) -> None:
        told = Secrets([(name, "c2VjcmV0")]).hidden(f"c2VjcmV0\n{name}: nt\n  nt\nA: 1")
        assert told == f"[redacted]\n{name}: [redacted]\nA: 1"

    @pytest.mark.parametrize(
        "name", ["WWW-Authenticate", "Surrogate-Key", "Sec-WebSocket-Key", "Tokens", "X-Cookie-Id"]
    )
    def test_and_by_others_it_is_not(self, name: str) -> None:
        text = f"c2VjcmV0\n{name}: c2VjcmV0"
        assert Secrets([(name, "c2VjcmV0")]).hidden(text) == text

    def test_what_is_short_is_hidden_in_its_field_alone(self, run: Any) -> None:
        done = run("{url}", "-H", "Cookie: nt", scripts=[[READ, BAD]])
        assert "> Cookie: [redacted]\n" in done.out
        assert "Content-Length: 4" in done.out

    def test_nor_is_a_part_of_one_where_bytes_are_cut(self, run: Any) -> None:
        secret = b"c2VjcmV0" * 4
        answer = PAGE.replace(b"\r\n", b"\r\nSet-Cookie: " + secret + b"\r\n", 1)
        done = run("{url}", "--again", scripts=[[READ, answer, READ, secret]])
        assert '"[redacted]" and 8 bytes more' in done.out
        assert "c2VjcmV0" not in done.out + done.err

    @pytest.mark.parametrize(
        ("field", "body"),
        [
            (b"Set-Cookie: sid=c2VjcmV0; HttpOnly; Path=/", b'{"cookie": "sid=c2VjcmV0", "a": 1}'),
            (b"Cookie: a=b; sid=c2VjcmV0; theme=dark", b"you have sid=c2VjcmV0"),
        ],
    )
    def test_nor_is_one_cookie_of_several(self, run: Any, field: bytes, body: bytes) -> None:
        is_sent = field.startswith(b"Cookie")
        arguments = ["-H", field.decode()] if is_sent else []
        answer = BAD if is_sent else BAD.replace(b"\r\n", b"\r\n" + field + b"\r\n", 1)
        done = run("{url}", *arguments, scripts=[[READ, answer.replace(b"null", body)]])
        assert done.status == 1
        assert "c2VjcmV0" not in done.out + done.err

    @pytest.mark.parametrize("hidden", [Secrets.hidden, Secrets.hidden_where_cut])
    def test_a_server_can_not_make_the_command_busy_by_a_long_one(self, hidden: Any) -> None:
        """It was looked for by each part of it, all over the content: that took minutes."""
        secrets = Secrets([("Set-Cookie", "z" * 32000)])
        calls = []
        sys.setprofile(lambda frame, event, function: calls.append(event))
        try:
            hidden(secrets, "z" * 31999 + "y")
        finally:
            sys.setprofile(None)
        assert calls.count("c_call") < 1000

    @pytest.mark.parametrize("hidden", [Secrets.hidden, Secrets.hidden_where_cut])
    @pytest.mark.parametrize("values", [("bbbbbb", "abbbbbbc"), ("abbbbbbc", "bbbbbb")])
    def test_nor_what_stands_round_a_shorter_one(self, hidden: Any, values: Any) -> None:
        secrets = Secrets([("Cookie", value) for value in values])
        assert hidden(secrets, "abbbbbbc") == "[redacted]"

    def test_nor_as_python_writes_them(self) -> None:
        value = "é2Vj\tcmVé"
        told = Secrets([("Cookie", value)]).hidden(f"{value!r} {value.encode('latin-1')!r}")
        assert told == "'[redacted]' b'[redacted]'"

    def test_nor_in_the_next_answer(self, run: Any) -> None:
        second = b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=c2VjcmV0\r\n\r\na=c2VjcmV0"
        done = run("{url}", "--again", scripts=[[READ, PAGE, READ, second]])
        assert f"the next answer, {len(second) - 10} bytes" in done.out
        assert '  after the next answer, 10 bytes: "[redacted]"\n' in done.out
        assert "c2VjcmV0" not in done.out + done.err

    @pytest.mark.parametrize(
        "value", ["Bearer c2VjcmV0é", "Bearer c2VjcmV0\nx", "c2VjcmV0\x7f", "c2VjcmV0\u2713"]
    )
    def test_nor_in_what_can_not_be_sent(self, run: Any, value: str) -> None:
        done = run("{url}", "-H", f"Authorization: {value}")
        assert done.status == 2
        assert "c2VjcmV0" not in done.out + done.err

    def test_nor_by_a_mistake_in_the_arguments(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main(["probe", "http://127.0.0.1:1/", "-H", "Authorization Bearer c2VjcmV0"])
        assert "c2VjcmV0" not in capsys.readouterr().err

    def test_where_one_is_cut_so_much_has_to_be_left_of_it(self) -> None:
        secrets = Secrets([("Cookie", "c2VjcmV0")])
        for left in "c2VjcmV0", "c2VjcmV", "c2Vjcm":
            assert secrets.hidden_where_cut(f'"{left}"') == '"[redacted]"'
        assert secrets.hidden_where_cut('"c2Vjc"') == '"c2Vjc"'

    def test_what_is_said_of_a_cookie_is_not_secret(self) -> None:
        secrets = Secrets([("Set-Cookie", "sid=c2VjcmV0; HttpOnly")])
        assert secrets.hidden("HttpOnly") == "HttpOnly"

    def test_of_a_url_only_a_user_is_hidden(self) -> None:
        assert without_user("http://a/@me") == "http://a/@me"
        assert without_user("http://me:c2Vj\ncmV0@a/") == "http://[redacted]@a/"

    def test_six_characters_can_be_one(self) -> None:
        secrets = Secrets([("Cookie", "abcdef"), ("Cookie", "vwxyz")])
        assert secrets.hidden("abcdef vwxyz") == "[redacted] vwxyz"

    def test_they_do_not_go_to_another_origin(self, run: Any) -> None:
        with Peer([READ, CLEAN]) as other:
            away = f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\n\r\n".encode()
            arguments = [word for field in self.HEADERS for word in ("-H", field)]
            done = run("{url}", "--follow", "-H", "X-Kept: 1", *arguments, scripts=[[READ, away]])
        assert done.status == 0
        assert b"c2VjcmV0" in done.received[0]
        assert b"c2VjcmV0" not in other.received[0]
        assert b"X-Kept: 1" in other.received[0]
        assert f"Host: {other.authority}".encode() in other.received[0]

    def test_they_stay_within_one_origin(self, run: Any) -> None:
        away = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        arguments = [word for field in self.HEADERS for word in ("-H", field)]
        done = run("{url}", "--follow", *arguments, scripts=[[READ, away], [READ, CLEAN]])
        assert [received.count(b"c2VjcmV0") for received in done.received] == [4, 4]

    def test_what_is_of_a_body_goes_with_it(self) -> None:
        names = ["Content-Type", "content-length", "Content-Encoding", "Transfer-Encoding", "A"]
        options = Options("POST", tuple((name, "1") for name in names), b"tea")
        report: Any = SimpleNamespace(url="http://a/", answer=SimpleNamespace(status_code=303))
        there = _redirected(options, report, "http://a/there")
        assert there == Options("GET", (("A", "1"),), b"")
        options = options._replace(headers=(*options.headers, ("Cookie", "1")))
        assert _redirected(options, report, "http://b/there") == there

    @pytest.mark.parametrize(
        ("url", "target", "kept"),
        [
            ("https://a/", "https://a/there", True),
            ("https://a/", "HTTPS://A:443/", True),
            ("https://a/", "http://a/", False),
            ("https://a/", "https://b/", False),
            ("http://a:1/", "http://a:2/", False),
        ],
    )
    def test_what_another_origin_is(self, url: str, target: str, kept: bool) -> None:
        names = {"Authorization", "COOKIE", "Host", "Proxy-Authorization", "X-Auth-Token"}
        options = Options(headers=tuple((name, "1") for name in [*names, "A"]))
        report: Any = SimpleNamespace(url=url, answer=SimpleNamespace(status_code=307))
        there = {name for name, _ in _redirected(options, report, target).headers}
        assert there == (names | {"A"} if kept else {"A"})


class TestRedirects:
    def redirect(self, status_code: int, location: str = "/there") -> list[Step]:
        head = f"HTTP/1.1 {status_code} Odd\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        return [READ, head.encode()]

    def test_none_is_followed(self, run: Any) -> None:
        done = run("{url}", scripts=[self.redirect(302)])
        assert (done.status, done.out) == (0, "✓ GET URL/: 302, which may have content\n")
        assert len(done.received) == 1

    def test_unless_it_is_told_to(self, run: Any) -> None:
        done = run("{url}", "--follow", scripts=[self.redirect(302), [READ, BAD]])
        assert done.status == 1
        assert done.out.startswith(
            "✓ GET URL/: 302, which may have content\n✗ GET URL/there\n> GET /there HTTP/1.1\n"
        )

    @pytest.mark.parametrize(
        ("status_code", "method", "then"),
        [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (303, "POST", "GET"),
            (303, "DELETE", "GET"),
            (303, "HEAD", "HEAD"),
            (301, "DELETE", "DELETE"),
            (307, "POST", "POST"),
            (308, "PUT", "PUT"),
        ],
    )
    def test_the_method_changes_as_in_a_browser(
        self, run: Any, status_code: int, method: str, then: str
    ) -> None:
        arguments = ["--follow", "-X", method, "--data", "tea", "-H", "Content-Type: text/tea"]
        done = run("{url}", *arguments, scripts=[self.redirect(status_code), [READ, CLEAN]])
        assert done.status == 0
        second = done.received[1]
        assert second.startswith(f"{then} /there HTTP/1.1\r\n".encode())
        assert second.endswith(b"tea") == (then == method)
        assert (b"text/tea" in second) == (then == method)

    def test_a_loop_ends(self, run: Any) -> None:
        done = run("{url}", "--follow", scripts=[self.redirect(302, "/")] * 20)
        assert done.status == 2
        assert done.err == (
            f"wsgi-nocontent: URL/: more than {MAXIMUM_REDIRECTS} redirects, the last to URL/\n"
        )
        assert len(done.received) == MAXIMUM_REDIRECTS + 1

    def test_a_redirect_to_nowhere_is_told(self, run: Any) -> None:
        done = run("{url}", "--follow", scripts=[self.redirect(302, "ftp://there/")])
        assert done.status == 2
        assert "a URL is http://host/path or https://host/path" in done.err
        assert "ftp://there/" in done.err

    @pytest.mark.parametrize("location", ["http://[foo", "http://a:b/", "http://me:you@there/"])
    def test_one_that_is_no_url_is_told(self, run: Any, location: str) -> None:
        done = run(
            "{url}", "{url}b", "--follow", scripts=[self.redirect(302, location), [READ, CLEAN]]
        )
        assert done.status == 2
        assert done.err.count("\n") == 1
        assert "me:you" not in done.err
        assert "✓ GET URL/b: 204" in done.out

    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_what_is_wrong_with_a_redirect_counts(self, run: Any, form: list[str]) -> None:
        both = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n"
        away = both + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        done = run("{url}", "--follow", *form, scripts=[[READ, away], [READ, CLEAN]])
        assert done.status == 1
        assert "Content-Length: 0, Transfer-Encoding: chunked" in done.out
        away = away.replace(b"/there", b"http://127.0.0.1:1/")
        done = run("{url}", "--follow", *form, scripts=[[READ, away]])
        assert done.status == 2
        assert "URL/: redirected to http://127.0.0.1:1/: 127.0.0.1 port 1 can" in done.err
        assert "Content-Length: 0, Transfer-Encoding: chunked" in done.out
        if form:
            told = json.loads(done.out)
            jsonschema.validate(told, SCHEMA)
            assert [each["clean"] for each in told["redirects"]] == [False]

    def test_one_without_a_location_is_an_answer(self, run: Any) -> None:
        answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
        done = run("{url}", "--follow", scripts=[[READ, answer]])
        assert (done.status, done.out) == (0, "✓ GET URL/: 302, which may have content\n")


def pour(talk: Any) -> None:
    chunk = b"x" * 65536
    while True:
        talk.connection.sendall(chunk)


HOSTILE: dict[str, tuple[list[Step], str]] = {
    "garbage": ([READ, bytes(range(256)) * 64], "the answer is not HTTP/1.1, it begins with"),
    "silence": ([READ, HOLD], "no answer within 0.5 s"),
}


class TestNoAnswer:
    """Each is a line that says which URL and why, and exit status 2."""

    @pytest.mark.parametrize("name", HOSTILE)
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_a_hostile_server(self, run: Any, name: str, form: list[str]) -> None:
        script, why = HOSTILE[name]
        done = run("{url}x", "--timeout", "0.5", *form, scripts=[script])
        assert done.status == 2
        assert done.err.startswith("wsgi-nocontent: URL/x: ")
        assert why in done.err
        assert done.err.count("\n") == 1
        if form:
            told = json.loads(done.out)
            jsonschema.validate(told, SCHEMA)
            assert why in told["error"]
        else:
            assert done.out == ""

    def test_one_that_stops_in_its_content(self, run: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        done = run("{url}", "--timeout", "0.3", scripts=[[READ, head + b"tea", HOLD]])
        assert (done.status, done.out) == (2, "")
        assert done.err == (
            "wsgi-nocontent: URL/: the answer has no end within 0.3 s; "
            "3 bytes of its content came\n"
        )

    def test_what_is_wrong_with_it_is_told_all_the_same(self, run: Any) -> None:
        head = b"HTTP/1.1 205 Reset Content\r\n\r\n"
        done = run("{url}", "--timeout", "0.3", scripts=[[READ, head, HOLD]])
        assert (done.status, done.err) == (1, "")
        assert "  no Content-Length\n" in done.out

    def test_a_body_without_end_is_no_answer_that_is_wrong(self, run: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        done = run("{url}", scripts=[[READ, head, pour]])
        assert (done.status, done.out) == (0, "✓ GET URL/: 200, which may have content\n")

    def test_one_without_end_on_a_204_is(self, run: Any) -> None:
        done = run("{url}", scripts=[[READ, CLEAN, pour]])
        assert done.status == 1
        assert "  after the end" in done.out

    def test_nobody_there(self, run: Any) -> None:
        done = run("http://127.0.0.1:1/x")
        assert (done.status, done.out) == (2, "")
        assert done.err == (
            "wsgi-nocontent: http://127.0.0.1:1/x: 127.0.0.1 port 1 can not be reached: "
            "connection refused\n"
        )

    @pytest.mark.parametrize(
        "url", ["localhost:8000", "ftp://localhost/", "http://", "/items", "", "http://a b/\n\x1b"]
    )
    def test_a_url_that_is_none(self, run: Any, url: str) -> None:
        done = run(url)
        assert (done.status, done.out) == (2, "")
        assert "a URL is http://host/path or https://host/path" in done.err
        assert done.err.count("\n") == 1
        assert done.err.replace("\n", "").isprintable()

    def test_a_request_that_can_not_be_sent(self, run: Any) -> None:
        for arguments in ["-X", "GET IT"], ["-X", "CONNECT"], ["-H", "A b: c"], ["-H", "A: é"]:
            done = run("{url}", *arguments)
            assert done.status == 2
            assert done.err.startswith("wsgi-nocontent: URL/: ")
            assert done.err.count("\n") == 1
            assert not any(done.received)

    def test_no_tls(self, run: Any) -> None:
        done = run("https://127.0.0.1:{port}/", scripts=[[b"HTTP/1.1 400 Bad Request\r\n\r\n"]])
        assert done.status == 2
        assert "no TLS with 127.0.0.1 port" in done.err

    def test_the_others_are_asked_all_the_same(self, run: Any) -> None:
        done = run("http://127.0.0.1:1/", "{url}", scripts=[[READ, CLEAN]])
        assert done.status == 2
        assert "✓ GET URL/: 204, and no content\n" in done.out


class TestJson:
    def test_each_is_an_object_in_a_line(self, run: Any) -> None:
        done = run("{url}a", "{url}b", "--json", scripts=[[READ, BAD], [READ, CLEAN]])
        assert done.status == 1
        bad, clean = map(json.loads, done.out.splitlines())
        for each in bad, clean:
            jsonschema.validate(each, SCHEMA)
        assert bad == {
            "url": "URL/a",
            "method": "GET",
            "request": ["GET /a HTTP/1.1"],
            "heads": [["HTTP/1.1 204 No Content", "Content-Length: 4"]],
            "status_code": 204,
            "after": [{"what": "after the end", "delay": None, "size": 4, "begins": "null"}],
            "clean": False,
            "findings": [
                {
                    "seen": seen,
                    "rule": rule.name,
                    "text": rule.text,
                    "section": rule.section,
                    "consequence": rule.consequence,
                    "remedy": rule.remedy.format(code=204),
                }
                for seen, rule in [("Content-Length: 4", NO_LENGTH), ('body: "null"', NO_BODY)]
            ],
            "redirects": [],
            "error": None,
        }
        assert clean == {
            **bad,
            "url": "URL/b",
            "request": ["GET /b HTTP/1.1"],
            "heads": [["HTTP/1.1 204 No Content"]],
            "after": [],
            "clean": True,
            "findings": [],
        }

    def test_a_head_is_as_it_came(self, run: Any) -> None:
        heads = [b"HTTP/1.1 103 \xe9\r\nA:  X", b"HTTP/1.1 204 \xe9\r\nB: X \t"]
        answer = b"".join(head + b"\r\n\r\n" for head in heads)
        done = run("{url}", "--json", scripts=[[READ, answer]])
        assert json.loads(done.out)["heads"] == [
            head.decode("latin-1").split("\r\n") for head in heads
        ]

    def test_so_it_is_where_there_is_no_answer(self, run: Any) -> None:
        away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        done = run("{url}", "--follow", "--json", "-X", "PUT", scripts=[[READ, away]])
        told = json.loads(done.out)
        (redirect,) = told.pop("redirects")
        assert redirect["heads"] == [away.decode().split("\r\n")[:-2]]
        why = "redirected to http://127.0.0.1:1/: 127.0.0.1 port 1 can not be reached"
        assert told == {"url": "URL/", "method": "PUT", "error": f"{why}: connection refused"}

    def test_of_what_came_after_it_has_the_beginning(self, run: Any) -> None:
        done = run("{url}", "--json", scripts=[[READ, CLEAN + b"\xff" * 1000]])
        (part,) = json.loads(done.out)["after"]
        assert part["size"] == 1000
        assert part["begins"] == "\xff" * 200

    def test_late_bytes_have_their_delay(self, run: Any) -> None:
        done = run("{url}", "--json", scripts=[[READ, CLEAN, NAP, b"null"]])
        (part,) = json.loads(done.out)["after"]
        assert part["what"] == "after the end"
        assert part["delay"] > 0.01

    def test_redirects_are_within_their_urls(self, run: Any) -> None:
        away = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        done = run("{url}", "--follow", "--json", scripts=[[READ, away], [READ, CLEAN]])
        told = json.loads(done.out)
        jsonschema.validate(told, SCHEMA)
        assert told["url"] == "URL/there"
        assert [(each["url"], each["status_code"]) for each in told["redirects"]] == [("URL/", 302)]

    def test_the_schema_lets_nothing_else_pass(self, run: Any) -> None:
        told = json.loads(run("{url}", "--json", scripts=[[READ, BAD]]).out)
        jsonschema.validate(told, SCHEMA)
        for wrong in {**told, "more": 1}, {**told, "clean": 1}, {"url": "a", "method": "GET"}:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, SCHEMA)


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "wanted"),
        [
            (["probe"], "the following arguments are required: URL"),
            (["probe", "http://a/", "-H", "foo"], "a header field is 'Name: value', not 'foo ...'"),
            (["probe", "http://a/", "-H", ": b"], "a header field is 'Name: value', not ': ...'"),
            (["probe", "http://a/", "-H", ""], "a header field is 'Name: value', not ' ...'"),
            (["probe", "http://a/", "--timeout", "1e6"], "a number of seconds over 0, not '1e6'"),
            (["probe", "http://a/", "--timeout", "0"], "a number of seconds over 0, not '0'"),
            (["probe", "http://a/", "--timeout", "soon"], "a number of seconds over 0, not 'soon'"),
            (["probe", "http://a/", "--timeout", "nan"], "a number of seconds over 0, not 'nan'"),
            ([], "the following arguments are required: COMMAND"),
            (["prob"], "invalid choice: 'prob'"),
        ],
    )
    def test_a_mistake_is_named(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], wanted: str
    ) -> None:
        with pytest.raises(SystemExit) as raised:
            main(arguments)
        assert raised.value.code == 2
        assert wanted in capsys.readouterr().err

    # How Python puts the two names of an option depends on its version.
    HELP_OF_BOTH = (
        "--method METHOD the request's method (GET, or POST with --data)",
        "--header 'NAME: VALUE' a header field of the request; may be given several times",
        "--data BODY the request's body",
        "--json an object of JSON for each, a line",
    )
    HELP_OF_PROBE = (
        "Ask URLs of any server, and tell what is wrong with what comes over the wire.",
        "URL of http or https",
        "--http2 ask by HTTP/2",
        "--insecure take any certificate",
        "--timeout S seconds that a server has for its answer (10)",
        "--follow go where redirects lead",
        (
            "--again ask once more on the same connection, by OPTIONS if the method may change "
            "something: is the next answer the right one?"
        ),
    )
    HELP_OF_CHECK = (
        "Ask a WSGI app in this process, and name its violations.",
        "MODULE:APP such as app:app",
        "PATH such as /items/1",
        (
            "--strict find fault also with what the middleware mends in silence, such as a "
            "Content-Length of 0 on a 204, or a body to HEAD"
        ),
    )
    USAGE_OF_BOTH = "[-h] [-X METHOD] [-H 'NAME: VALUE'] [--data BODY] [--json]"
    USAGE_OF_PROBE = "[--http2] [--insecure] [--timeout S] [--follow] [--again] URL [URL ...]"

    @pytest.mark.parametrize(
        ("command", "usage", "told", "examples"),
        [
            (
                "probe",
                f"{USAGE_OF_BOTH} {USAGE_OF_PROBE}",
                HELP_OF_BOTH + HELP_OF_PROBE,
                commands.PROBE_EXAMPLES,
            ),
            (
                "check",
                f"{USAGE_OF_BOTH} [--strict] MODULE:APP PATH [PATH ...]",
                HELP_OF_BOTH + HELP_OF_CHECK,
                commands.CHECK_EXAMPLES,
            ),
        ],
    )
    def test_help_has_each_option_and_examples(
        self,
        helped: Any,
        command: str,
        usage: str,
        told: tuple[str, ...],
        examples: str,
    ) -> None:
        text = helped(command)
        words = " ".join(text.split())
        assert words.startswith(f"usage: wsgi-nocontent {command} {usage} {told[4]} positional")
        assert [each for each in told if each not in words] == []
        assert text.endswith(examples)

    def test_help_has_each_command(self, helped: Any) -> None:
        words = " ".join(helped().split())
        assert words.startswith(
            "usage: wsgi-nocontent [-h] [--version] COMMAND ... "
            "Find out why a response without content goes wrong. "
        )
        assert words.endswith(
            "commands: COMMAND "
            "probe ask URLs, and tell what is wrong with what comes over the wire "
            "check ask a WSGI app in this process, and name its violations"
        )

    @pytest.fixture
    def helped(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
        # So that no word is parted.
        monkeypatch.setenv("COLUMNS", "300")

        def helped(*command: str) -> str:
            with pytest.raises(SystemExit) as raised:
                main([*command, "--help"])
            assert raised.value.code == 0
            return capsys.readouterr().out

        return helped


class TestThisProcess:
    """What tests in other processes show as well, for its coverage."""

    def test_a_terminal(self) -> None:
        with Peer([READ, BAD], [READ, CLEAN]) as peer:
            written = io.BytesIO()
            out = io.TextIOWrapper(written, encoding="ascii")
            console = Console(file=out, force_terminal=True, width=50, highlight=False)
            asked = [peer.url, peer.url, "http://127.0.0.1:1/é\u2713"]
            assert commands.run(["probe", *asked], console) == 2
            out.flush()
        assert b"mx GET http" in written.getvalue()
        assert b"mok GET http" in written.getvalue()
        assert b"xe9\\u2713" in written.getvalue()
        assert b"rule  \x1b[0ma 1xx or 204 response has no\n" in written.getvalue()
        assert b"Content-Length (RFC 9110 section 8.6)\n" in written.getvalue()

    def test_streams_may_be_of_another_kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        assert main(["probe", "http://127.0.0.1:1/", "--json"]) == 2
        assert json.loads(out.getvalue())["error"] in err.getvalue()

    def test_a_reader_who_has_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for error in SystemExit(1), OSError(5, "no disk"), BrokenPipeError():

            def leave(*_: object, error: BaseException = error) -> None:
                raise error

            monkeypatch.setattr("wsgi_nocontent.cli.commands.ask_url", leave)
            assert main(["probe", "http://127.0.0.1:1/"]) == 2

    def test_nobody_may_be_there_to_be_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def leave(*_: object) -> None:
            raise BrokenPipeError

        monkeypatch.setattr("wsgi_nocontent.cli.commands.ask_url", leave)
        monkeypatch.setattr("sys.stderr", SimpleNamespace(write=leave))
        assert main(["probe", "http://127.0.0.1:1/"]) == 2

    def test_an_interrupt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("wsgi_nocontent.cli.commands.ask_url", interrupt)
        assert main(["probe", "http://127.0.0.1:1/"]) == 130

    @pytest.mark.parametrize(
        ("missing", "ours"),
        [("rich", "wsgi_nocontent.cli.commands"), ("h11", "wsgi_nocontent.probe.http1")],
    )
    def test_a_missing_extra(
        self, run: Any, monkeypatch: pytest.MonkeyPatch, missing: str, ours: str
    ) -> None:
        for name in "wsgi_nocontent.cli.commands", "wsgi_nocontent.cli.asking":
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.delitem(sys.modules, "wsgi_nocontent.probe")
        forget(monkeypatch, missing, ours)
        done = run("http://127.0.0.1:1/")
        needs = f"it needs {missing}: pip install 'wsgi-nocontent[cli]'"
        assert (done.status, done.err) == (2, f"wsgi-nocontent: {needs}\n")

    @pytest.mark.parametrize(
        ("missing", "module", "name", "extra"),
        [
            ("h11", "wsgi_nocontent.probe", "probe", "cli"),
            ("webtest", "wsgi_nocontent.testing", "TestApp", "testing"),
        ],
    )
    def test_so_is_it_told_in_python(
        self, monkeypatch: pytest.MonkeyPatch, missing: str, module: str, name: str, extra: str
    ) -> None:
        package, _, attribute = module.rpartition(".")
        # Kept for what comes after: a module that is imported anew takes its place there.
        monkeypatch.setattr(sys.modules[package], attribute, importlib.import_module(module))
        for loaded in [each for each in sys.modules if each.startswith(module)]:
            monkeypatch.delitem(sys.modules, loaded)
        forget(monkeypatch, missing, module)
        needs = f"it needs {missing}: pip install 'wsgi-nocontent[{extra}]'"
        with pytest.raises(ModuleNotFoundError) as raised:
            getattr(importlib.import_module(module), name)
        assert str(raised.value) == needs

    def test_a_fault_of_ours_is_none(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        forget(monkeypatch, "argparse", "wsgi_nocontent.cli.commands")
        with pytest.raises(ModuleNotFoundError):
            run("http://127.0.0.1:1/")

    def test_http2_is_an_extra_too(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        forget(monkeypatch, "h2", "wsgi_nocontent.probe.http2")
        needs = "wsgi-nocontent: URL/: HTTP/2 needs h2: pip install 'wsgi-nocontent[http2]'\n"
        done = run("{url}", "--http2")
        assert (done.status, done.err) == (2, needs)
        # Python names the package where it is not there, and the module where that is not.
        for name in "h2", "h2.config.more":

            def missing(*_: object, name: str = name, **__: object) -> None:
                raise ModuleNotFoundError(name=name)

            monkeypatch.setattr("wsgi_nocontent.cli.asking.probe", missing)
            done = run("{url}", "--http2")
            assert (done.status, done.err) == (2, needs)

    def test_python_m(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.argv", ["wsgi_nocontent", "--version"])
        with pytest.raises(SystemExit) as raised:
            runpy.run_module("wsgi_nocontent", run_name="__main__")
        assert raised.value.code == 0
        assert capsys.readouterr().out.startswith("wsgi-nocontent ")


def forget(monkeypatch: pytest.MonkeyPatch, missing: str, ours: str) -> None:
    """Let a module be one that is not there, and let that of ours which needs it be loaded anew."""
    for name in list(sys.modules):
        if name == ours or name.partition(".")[0] == missing:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
