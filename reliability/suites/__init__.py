"""The test suites of projects that we do not control, with the middleware round every app.

``make suites`` runs them: from their source releases, bare and wrapped, and holds the one
against the other, test by test.
"""
