"""Draw docs/probe.svg: the command, as it was really run on the demo.

``make picture`` runs it. The port and what is about time are made the same.
"""

from __future__ import annotations

import io
import re

from rich.console import Console

from demo.apps import ROOT
from demo.server import gunicorn
from wsgi_nocontent.cli.commands import run

PICTURE = ROOT / "docs" / "probe.svg"
COMMAND = "wsgi-nocontent probe {0}/bad_no_content {0}/items/2"


def draw() -> str:
    """Run the command, and give the picture of what it prints."""
    console = Console(
        record=True, force_terminal=True, width=98, highlight=False, file=io.StringIO()
    )
    with gunicorn("inventory.wsgi:bare", ROOT / "demo_django") as server:
        command = COMMAND.format(server.url)
        console.print(f"$ {command}", style="bold", markup=False)
        run(command.split()[1:], console)
    picture = console.export_svg(title="wsgi-nocontent", unique_id="probe")
    # It would be fetched from elsewhere; where the font is not there, another does.
    picture = re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    picture = picture.replace(f":{server.port}", ":18000")
    picture = re.sub(r"[0-9]+&#160;ms&#160;later,&#160;", "", picture)
    return re.sub(
        r"(Date:&#160;)[^<]*(&#160;GMT)",
        r"\g<1>Sat,&#160;21&#160;Nov&#160;2026&#160;12:00:00\2",
        picture,
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
