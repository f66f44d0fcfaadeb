"""What must hold for every application: each point, as a check of a script."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections import Counter
from typing import Any, Callable, Iterable, NamedTuple

from hypothesis import strategies as st

from tests.model.apps import WHOLE, WITH_CONTENT, App, Closable, Script, Try, scripts
from tests.model.server import KnowingServer, Outcome, allows_content, outcome_of, told
from tests.unit.server import Server
from wsgi_nocontent import NoContentMiddleware, Violation

STEPS: Counter[str] = Counter()
"""How many the applications have taken in this process, bare and wrapped."""


class Played(NamedTuple):
    """An exchange that is over."""

    server: Server
    app: App
    outcome: Outcome

    @property
    def has_no_content(self) -> bool:
        """Whether a head was sent that allows none."""
        head = self.outcome.head
        return head is not None and not allows_content(self.app.script.method, head[0])


def play(
    script: Script, around: Callable[[App], Any], server: Server | None = None, **environ: Any
) -> Played:
    """Let a server ask the application that plays a script, with something around it."""
    server = server or Server()
    app = App(script, server.events)
    error = None
    try:
        server.run(around(app), script.method, script.path, **environ)
    except Exception as raised:
        error = told(raised)
    STEPS["bare" if around is bare else "wrapped"] += app.steps
    return Played(server, app, outcome_of(server, error))


def wrapped(script: Script, on_violation: Any = None) -> Callable[[App], Any]:
    def around(app: App) -> Any:
        return NoContentMiddleware(
            app, on_violation=on_violation, strip_headers=script.strip_headers
        )

    return around


def play_wrapped(script: Script) -> Played:
    return play(script, wrapped(script))


def bare(app: App) -> App:
    return app


def no_byte_of_body_goes_out_where_none_is_allowed(script: Script) -> None:
    played = play_wrapped(script)
    if played.has_no_content:
        assert not played.server.body


def a_response_with_content_is_untouched(script: Script) -> None:
    script = script._replace(method="GET")
    played = play_wrapped(script)
    assert played.outcome == play(script, bare).outcome
    for _, headers, *_ in played.server.heads:
        assert any(headers is given for given, _ in played.app.given)
    # Of a lazy one the first chunk was taken.
    if script.call and played.app.returned is not None:
        assert played.server.iterable is played.app.returned


def the_header_lists_of_the_app_stay_as_they_are(script: Script) -> None:
    for given, copy in play_wrapped(script).app.given:
        assert given == copy


def the_iterable_is_closed_once_and_errors_reach_the_server(script: Script) -> None:
    played = play_wrapped(script)
    returned = played.app.returned
    assert played.app.events.count("close the app's") == isinstance(returned, Closable)
    if inspect.isgenerator(returned):
        assert inspect.getgeneratorstate(returned) == inspect.GEN_CLOSED
    assert played.outcome.error == play(script, bare, KnowingServer()).outcome.error


def no_second_chunk_is_taken_of_a_body_that_is_discarded(script: Script) -> None:
    played = play_wrapped(script)
    if played.has_no_content and not isinstance(played.app.returned, (list, tuple)):
        assert played.app.yields <= 1


def a_restart_gives_its_whole_page_or_fails_closed(script: Script) -> None:
    played = play_wrapped(script)
    assert not played.app.late_restarts
    if not played.outcome.error and not played.has_no_content:
        assert played.server.body == b"".join(played.app.said)


def a_second_start_without_exc_info_is_an_error(script: Script) -> None:
    assert not play_wrapped(script).app.second_starts


def requests_know_nothing_of_each_other(two: tuple[Script, Script]) -> None:
    """Ask one middleware a second thing at each step of the first."""

    def dispatch(environ: Any, start_response: Any) -> Iterable[bytes]:
        chunks: Iterable[bytes] = environ["app"](environ, start_response)
        return chunks

    middleware = NoContentMiddleware(dispatch, on_violation=None)

    def asked(app: App) -> Any:
        return lambda environ, start_response: middleware({**environ, "app": app}, start_response)

    def asked_meanwhile(app: App) -> Any:
        app.meanwhile = lambda: others.append(play(other, asked).outcome)
        return asked(app)

    others: list[Outcome] = []
    first, other = (script._replace(strip_headers=()) for script in two)
    assert play(first, asked_meanwhile).outcome == play_wrapped(first).outcome
    assert not others or set(map(repr, others)) == {repr(play_wrapped(other).outcome)}


class Request:
    """What stands in an environ, and can be referred to weakly."""


def nothing_outlives_its_request(script: Script) -> None:
    request = Request()
    alive = weakref.ref(request)
    gc.disable()  # what is freed here is freed without its help
    try:
        played = play(script, wrapped(script), request=request)
        # The server and the application of the model know each other.
        played.server.heads.clear()
        played.server.iterable = played.app.returned = None
        played.app.writes.clear()
        del request
        assert alive() is None
    finally:
        gc.enable()


def the_answer_is_that_of_a_server_that_knows_the_rules(script: Script) -> None:
    seen: list[Violation] = []
    played = play(script, wrapped(script, seen.append))
    server = KnowingServer(script.strip_headers)
    assert played.outcome == play(script, bare, server).outcome
    assert seen == server.violations


def an_empty_list_that_answers_head_is_handed_on(script: Script) -> None:
    played = play_wrapped(script)
    is_empty = script.returns in WHOLE and not any(played.app.said)
    if is_empty and played.server.head_sent:
        assert played.server.iterable is played.app.returned


def strict_mode_raises_what_would_be_told(script: Script) -> None:
    seen: list[Violation] = []
    play(script, wrapped(script, seen.append))
    played = play(script, wrapped(script, "raise"))
    assert not (played.has_no_content and played.server.body)
    hides_it = script.close or any(isinstance(step, Try) for step in (*script.call, *script.body))
    if seen and not hides_it:
        assert str(played.outcome.error).startswith("NoContentError")


SCRIPTS = scripts()
TO_HEAD = scripts(WITH_CONTENT, ["HEAD"])
POINTS = {
    no_byte_of_body_goes_out_where_none_is_allowed: SCRIPTS,
    a_response_with_content_is_untouched: scripts(WITH_CONTENT),
    the_header_lists_of_the_app_stay_as_they_are: SCRIPTS,
    the_iterable_is_closed_once_and_errors_reach_the_server: SCRIPTS,
    no_second_chunk_is_taken_of_a_body_that_is_discarded: SCRIPTS,
    a_restart_gives_its_whole_page_or_fails_closed: SCRIPTS,
    a_second_start_without_exc_info_is_an_error: SCRIPTS,
    requests_know_nothing_of_each_other: st.tuples(SCRIPTS, SCRIPTS),
    nothing_outlives_its_request: SCRIPTS,
    the_answer_is_that_of_a_server_that_knows_the_rules: SCRIPTS | TO_HEAD,
    an_empty_list_that_answers_head_is_handed_on: TO_HEAD.filter(
        lambda script: script.returns in WHOLE
    ),
    strict_mode_raises_what_would_be_told: SCRIPTS,
}
"""Each point, and what it is checked with."""
