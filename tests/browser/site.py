"""Alice's shop: a site on an origin of its own, under a policy that lets in Tacit's server and hardly anything else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/site.css"></head>
<body><main><h1>Shop</h1><button id="buy">Buy</button><p>Boats and oars.</p><a href="/about">About us</a></main>
{line}</body></html>"""
# A site's own styles, which would ruin a widget that is not shielded from them.
STYLE = """* { color: rgb(255, 0, 0) !important; font-size: 40px; } button { display: none; } #buy { display: block; }
dialog, iframe { display: none !important; } body > * { position: static !important; opacity: .99; }"""


@dataclass(kw_only=True)
class Site:
    """The site; `line` is what its owner pasted into every page."""

    origin: str
    tacit: str
    line: str = ""

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; style-src 'self'; script-src {self.tacit}; connect-src {self.tacit}; "
            f"frame-src {self.tacit}; require-trusted-types-for 'script'; base-uri 'none'"
        )

    def line_for(self, public_id: str) -> str:
        return f'<script src="{self.tacit}/widget.js" data-bot="{public_id}" defer></script>'


@contextmanager
def serving(tacit: str) -> Iterator[Site]:
    """Serve the site beside the Tacit server at an address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_style = self.path == "/site.css"
            self.send_response(200)
            self.send_header("Content-Type", "text/css" if is_style else "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", site.policy)
            self.end_headers()
            self.wfile.write((STYLE if is_style else PAGE.format(line=site.line)).encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing: the test's output is for what fails."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    # Another name, and not just another port: so browsers take it for another site, and keep its storage apart.
    site = Site(origin=f"http://localhost:{server.server_port}", tacit=tacit)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join(5)
