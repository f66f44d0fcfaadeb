"""Applications that do whatever bytes say, and every point of the model."""

from __future__ import annotations

import re
from itertools import filterfalse
from typing import TYPE_CHECKING, Any

from tests.model import apps, points
from tests.model.apps import Fail, Restart, Script, Start, Try, Write, Yield
from tests.model.server import allows_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.apps import Step
    from wsgi_nocontent import Violation

FORMS = (*apps.WHOLE, *apps.ITERATORS, *apps.STEPPING)
FIRST = ("<restart>", "<raise>")
"""What an application may do first, but for a start: PEP 3333 asks for one before a chunk."""
ODD_VALUES: dict[str, Any] = {"<int>": 5, "<none>": None, "<bytes>": b"5"}
"""What is no value of a header field, and may be given for one."""
MOST_STEPS = 20
"""Of an answer, and of close(): at each of one request, all of another are taken."""
LONGEST_LINE = 2000
_MARK = re.compile("<(try )?(start|restart|write|old|chunk|raise)>")


def middleware(data: bytes) -> None:
    """Play an input.

    :raises AssertionError: if a point does not hold.
    """
    script = script_in(data)
    other = script._replace(method="GET" if script.method == "HEAD" else "HEAD")
    point: Any
    for point in points.POINTS:
        if point is points.requests_know_nothing_of_each_other:
            point((script, other))
        elif _is_for(script, point):
            point(script)
    a_violation_is_told_in_one_line(script)


def a_violation_is_told_in_one_line(script: Script) -> None:
    seen: list[Violation] = []
    points.play(script, points.wrapped(script, seen.append))
    for line in map(str, seen):
        assert line.isascii(), line
        assert line.isprintable(), line
        assert len(line) < LONGEST_LINE, line


def _is_for(script: Script, point: Any) -> bool:
    """Whether the script is one of those that the point is about."""
    steps = (*script.call, *script.body, *script.close)
    starts = [step.step if isinstance(step, Try) else step for step in steps]
    has_content = all(
        allows_content("GET", start.status)
        for start in starts
        if isinstance(start, (Start, Restart))
    )
    if point is points.a_response_with_content_is_untouched:
        return has_content
    if point is points.an_empty_list_that_answers_head_is_handed_on:
        return has_content and script.method == "HEAD"
    return True


def script_in(data: bytes) -> Script:
    """Read an input.

    ``DELETE /items/1 a_generator lazy``, a method, a path, what is returned and options; then a
    head, an empty line and a chunk; then more steps, each after its name in angle brackets, such
    as ``<write>`` or ``<try restart>``, and after ``<close>`` those of close(). A list, a tuple
    and an iterator give chunks only, so the other steps are taken in the call; with a generator
    or a closable one, those before the first chunk are, unless it is lazy.
    """
    first, _, rest = data.decode("utf-8", "surrogateescape").partition("\n")
    method, path, form, *options = [*first.split(" "), "", "", ""]
    answer, _, closing = rest.partition("<close>")
    if not answer.startswith(FIRST):
        answer = f"<start>{answer}"
    steps = [*_steps(answer)][:MOST_STEPS]
    if form not in apps.STEPPING:
        call = list(filterfalse(_is_chunk, steps))
        body = list(filter(_is_chunk, steps))
    else:
        in_call = 0 if "lazy" in options else [*map(_is_chunk, steps), True].index(True)
        call, body = steps[:in_call], steps[in_call:]
    return Script(
        call,
        form if form in FORMS else "a_list",
        body,
        list(filterfalse(_is_chunk, _steps(closing)))[:MOST_STEPS],
        method,
        path,
        ("Content-Type",) if "strip" in options else (),
    )


def _is_chunk(step: Step) -> bool:
    return isinstance(step, Yield)


def _steps(text: str) -> Iterator[Step]:
    _, *parts = _MARK.split(text)
    for attempt, name, said in zip(parts[::3], parts[1::3], parts[2::3]):
        for step in _started(name, said) if name.endswith("start") else [_step(name, said)]:
            yield Try(step) if attempt and not isinstance(step, Yield) else step


def _step(name: str, data: str) -> Any:
    if name == "raise":
        return Fail()
    if name == "chunk":
        return Yield(_encoded(data))
    return Write(_encoded(data), first=name == "old")


def _started(name: str, said: str) -> Iterator[Any]:
    lines, has_chunk, chunk = said.partition("\n\n")
    status, *fields = lines.split("\n")
    yield (Start if name == "start" else Restart)(status, [_field(line) for line in fields])
    if has_chunk:
        yield Yield(_encoded(chunk))


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, ODD_VALUES.get(value, value)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
