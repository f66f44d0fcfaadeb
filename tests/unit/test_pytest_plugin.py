"""The plugin, in runs of pytest of its own."""

from __future__ import annotations

import sys
import textwrap

import pytest

import wsgi_nocontent.watch
from tests.unit.forms import FORMS
from tests.unit.server import run
from wsgi_nocontent import NoContentMiddleware

pytest_plugins = ["pytester"]

VIEWS = """
import pytest
import threading
from tests.unit.forms import FORMS
from tests.unit.server import run
from wsgi_nocontent import NoContentError, NoContentMiddleware, Violation

bad = FORMS["a_list"]("204 No Content", [])
good = FORMS["a_list"]("200 OK", [])

def empty(environ, start_response):
    start_response("204 No Content", [("ETag", "1")])
    return []

VIOLATION = Violation("GET", "/", "204 No Content", None, 4)
each_option = pytest.mark.parametrize("option", ["log", "raise", None, lambda violation: 1 / 0])
"""


@pytest.fixture
def project(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> pytest.Pytester:
    """Give a project whose tests can import those of this one."""
    pytester.syspathinsert(str(request.config.rootpath))
    return pytester


def outcomes(project: pytest.Pytester, tests: str, ini: str = "") -> dict[str, int]:
    project.makeini(f"[pytest]\n{ini}\n")
    project.makepyfile(VIEWS + textwrap.dedent(tests))
    result = project.runpytest("-p", "no:cacheprovider")
    found: dict[str, int] = result.parseoutcomes()
    return found


STRICT = """
@each_option
def test_bad(option):
    app = NoContentMiddleware(bad, on_violation=option)
    with pytest.raises(NoContentError) as raised:
        run(app)
    assert raised.value.violation == VIOLATION

@each_option
def test_good(option):
    app = NoContentMiddleware(good, on_violation=option, strip_headers=["ETag"])
    assert run(app).body == b"null"
    app = NoContentMiddleware(empty, on_violation=option, strip_headers=["ETag"])
    assert run(app).headers == []
"""
MADE_BEFORE = """
app = NoContentMiddleware(bad)

def test_bad():
    run(app)
"""


@pytest.mark.parametrize("value", ["true", "True", "1", "yes"])
def test_strict_makes_every_middleware_raise(project: pytest.Pytester, value: str) -> None:
    assert outcomes(project, STRICT, f"nocontent_strict = {value}") == {"passed": 8}


def test_so_it_does_with_one_made_before_the_tests(project: pytest.Pytester) -> None:
    assert outcomes(project, MADE_BEFORE, "nocontent_strict = true") == {"failed": 1}


@pytest.mark.parametrize("ini", ["", "nocontent_strict = false"])
def test_without_it_each_does_as_its_option_says(project: pytest.Pytester, ini: str) -> None:
    assert outcomes(project, MADE_BEFORE, ini) == {"passed": 1}
    # of the four options one raises by itself
    assert outcomes(project, STRICT, ini) == {"passed": 5, "failed": 3}


def test_what_it_set_is_undone_at_the_end(project: pytest.Pytester) -> None:
    app = NoContentMiddleware(FORMS["a_list"]("204 No Content", []), on_violation=None)
    tests = """
    import wsgi_nocontent.watch
    def test_it(nocontent_violations):
        with pytest.raises(NoContentError):
            run(NoContentMiddleware(bad))
        assert len(wsgi_nocontent.watch.watchers) == 1
    """
    assert outcomes(project, tests, "nocontent_strict = true") == {"passed": 1}
    assert run(app).status == "204 No Content"
    assert wsgi_nocontent.watch.watchers == ()


def test_so_it_is_within_another_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = """
    def test_bad(nocontent_violations):
        with pytest.raises(NoContentError):
            run(NoContentMiddleware(bad))
        assert nocontent_violations == [VIOLATION]
    """
    seen: list[object] = []
    watchers = (seen.append,)
    answer = NoContentMiddleware.__call__
    monkeypatch.setattr("wsgi_nocontent.watch.watchers", watchers)
    assert outcomes(project, tests, "nocontent_strict = true") == {"passed": 1}
    assert len(seen) == 1
    assert NoContentMiddleware.__call__ is answer
    assert wsgi_nocontent.watch.watchers is watchers


def test_a_value_that_is_neither_is_named(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nnocontent_strict = mabye\n")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: nocontent_strict must be true or false: *mabye*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_the_fixture_is_the_list_of_those_seen_in_the_test(project: pytest.Pytester) -> None:
    tests = """
    @each_option
    @pytest.mark.filterwarnings("ignore")
    def test_bad(option, nocontent_violations):
        assert nocontent_violations == []
        app = NoContentMiddleware(bad, on_violation=option)
        try:
            run(app)
        except NoContentError:
            assert option == "raise"
        assert nocontent_violations == [VIOLATION]
        run(NoContentMiddleware(good))
        thread = threading.Thread(target=run, args=(NoContentMiddleware(bad), "POST"))
        thread.start()
        thread.join()
        assert nocontent_violations == [VIOLATION, VIOLATION._replace(method="POST")]

    def test_of_strict_ones_too(nocontent_violations):
        with pytest.raises(NoContentError):
            run(NoContentMiddleware(bad, on_violation="raise"), "PUT")
        assert [violation.method for violation in nocontent_violations] == ["PUT"]
    """
    assert outcomes(project, tests) == {"passed": 5}


def test_pytest_knows_them_by_itself(project: pytest.Pytester) -> None:
    """The plugin is found where the library is installed."""
    result = project.runpytest("--help")
    told = "every NoContentMiddleware raises NoContentError during tests (true or false)"
    assert f" nocontent_strict (bool): {told} " in " ".join(result.stdout.str().split())
    result = project.runpytest_subprocess("--fixtures")
    result.stdout.fnmatch_lines(["nocontent_violations*", "*violations that are seen during*"])


def test_it_loads_nothing_that_pytest_does_not_but_the_library(project: pytest.Pytester) -> None:
    project.makepyfile(
        code="""
        import sys
        import pytest
        import _pytest.config
        config = _pytest.config.get_config()
        before = set(sys.modules)
        import wsgi_nocontent.pytest_plugin
        print(*sorted(set(sys.modules) - before), sep="\\n")
        """
    )
    result = project.run(sys.executable, "code.py")
    assert result.outlines
    assert [name for name in result.outlines if not name.startswith("wsgi_nocontent")] == []
    for heavy in "webtest", "probe", "testing", "h11":
        assert heavy not in " ".join(result.outlines)
