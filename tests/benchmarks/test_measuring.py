"""The measuring itself, on the real parts: short, and with nothing said of time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import calls, servers, startup, streams
from benchmarks.contenders import BARE, TIMED
from benchmarks.ratio import in_turn, ratio
from tests.needs import lacks, needed_linux, needed_program

MIB = 1 << 20


# Those of a fixture go to one process.
of_streams = pytest.mark.xdist_group("streams")


@pytest.fixture(scope="module")
def large() -> streams.Streams:
    needed_linux()
    needed_program("curl", "curl")
    needed_program("strace", "strace")
    try:
        return streams.measure(batches=1, rounds=2, size=16 * MIB)
    except RuntimeError as error:
        # Some systems let no process look at another.
        if "could not attach" in str(error):
            lacks("leave for strace to attach to a process")
        raise


@of_streams
def test_a_file_takes_the_same_system_calls(large: streams.Streams) -> None:
    bare, wrapped = large.calls
    assert wrapped == bare
    assert bare["sendfile"] == 1


@of_streams
def test_a_stream_does_not_grow_the_server(large: streams.Streams) -> None:
    """Of 160 MiB: a part of it would be seen."""
    assert set(large.growth) == {"stream", "lazy-stream"}
    assert max(large.growth.values()) < 2048


@of_streams
def test_streams_are_compared(large: streams.Streams) -> None:
    assert set(large.rates) == {"chunks", "lazy-chunks", "file"}
    assert all(its.rounds == 2 and its.value > 0 for its in large.rates.values())


def test_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    needed_linux()
    for program, package in {
        "haproxy": "haproxy",
        "h2load": "nghttp2-client",
        "wrk": "wrk",
    }.items():
        needed_program(program, package)
    monkeypatch.setattr(servers, "SECONDS", 1)
    found = servers.measure(batches=1, rounds=2)
    assert [(load.framework, load.request) for load in found.loads] == [
        (framework, request)
        for framework in ("Flask", "Django")
        for request in ("GET /items", "GET /good_no_content", "GET /items by HTTP/2")
    ]
    assert all(load.wrapped.rounds == load.bare.rounds == 2 for load in found.loads)
    # What it is all about.
    assert found.answers["Django"] == ((0, 200), (200, 200))


@pytest.mark.parametrize(
    "printed",
    [
        "Requests/sec:  10.00\n  Non-2xx or 3xx responses: 3\n",
        "finished in 1.00s, 10.00 req/s\nrequests: 9 total, 1 failed, 0 errored",
        "unable to connect\n",
        "Requests/sec:  0.00\n",
    ],
)
def test_a_load_that_fails_is_no_figure(printed: str) -> None:
    with pytest.raises(RuntimeError, match="the load failed"):
        servers.per_second(printed)


def test_calls_are_timed_by_pyperf() -> None:
    found = calls.measure(Path(sys.executable), rounds=2)
    assert {name: (BARE, *its) for name, its in found.items()} == {
        name: scenario.contenders for name, scenario in TIMED.items()
    }
    for name, contenders in found.items():
        for added in contenders.values():
            assert added.rate.rounds == 2
            assert (added.floors is None) == (added.ours is None) == (name not in ("200", "204"))
    assert found["200"]["floor"].floors == (1, 1, 1, 2)
    # It is a fortieth here: so far off that no busy machine hides it.
    assert found["200"]["WebOb"].rate.value < 0.5


def test_a_server_has_loaded_already_what_the_middleware_needs() -> None:
    found = startup.measure(sys.executable, rounds=2)
    assert set(found.new_modules) <= {"__future__"}
    assert found.milliseconds > 0
    assert found.milliseconds_in_server > 0
    assert found.kibibytes < 1024


def test_an_import_that_fails_is_told_of() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        startup.run(sys.executable, "import no_such_module")


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert ratio([2, 8, 8], [1, 2, 1]) == (4, 3, 6, 3)


def test_each_is_as_often_first() -> None:
    assert [in_turn("abc", number)[0] for number in range(6)] == list("abcabc")
    assert in_turn("abc", 1) == list("bca")
