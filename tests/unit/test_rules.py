"""Which rule each status code has. test_readme.py holds the README's table against it."""

from __future__ import annotations

from wsgi_nocontent.rules import BY_STATUS_CODE, NO_CONTENT, NOT_MODIFIED, RESET_CONTENT


def test_every_status_code_has_its_rule_or_none() -> None:
    for code in range(1000):
        rule = BY_STATUS_CODE.get(f"{code:03}")
        if 100 <= code <= 199 or code == 204:
            assert rule is NO_CONTENT
        elif code == 205:
            assert rule is RESET_CONTENT
        elif code == 304:
            assert rule is NOT_MODIFIED
        else:
            assert rule is None
