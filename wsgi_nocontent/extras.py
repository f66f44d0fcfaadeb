"""Which extra has the package that a part of the library needs."""

from __future__ import annotations

#: The extra that brings a module, by the module's name.
EXTRAS = {"h11": "cli", "rich": "cli", "webob": "testing", "webtest": "testing"}


def explained(error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Give an error that says how to get the module that is not there, if an extra has it.

    :param error: what importing it raised; it is given back if no extra does.
    """
    name = str(error.name).partition(".")[0]
    if name not in EXTRAS:
        return error
    needs = f"it needs {name}: pip install 'wsgi-nocontent[{EXTRAS[name]}]'"
    return ModuleNotFoundError(needs, name=name)
