"""How Sphinx builds the documentation: ``make docs``."""

from wsgi_nocontent import __version__

project = "wsgi-nocontent"
author = "The wsgi-nocontent maintainers"
project_copyright = "2026, " + author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"{project} {release}"
html_theme_options = {"navigation_with_keys": True}

# Headings can be linked to, as on the pages of the repository.
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
