"""The page's own files, and the chart library's from its package; nothing comes from elsewhere."""

from importlib.metadata import distribution
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
# The browser loads and asks nothing from anywhere else, and shows the page in no other.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# uPlot (MIT), as its own project makes it; the package only brings it.
_CHART = {"chart.js": "uplot.iife.min.js", "chart.css": "uplot.min.css"}


def paths() -> dict[str, Path]:
    """Return the path of each file by the name under which the page has it."""
    carrier = distribution("youplot")
    found = {path.name: path for path in STATIC.iterdir()}
    return found | {
        name: Path(str(carrier.locate_file(f"youplot/vendor/{file}")))
        for name, file in _CHART.items()
    }


class Files:
    """Answers with the files of the page."""

    def __init__(self):
        self._paths = paths()

    async def index(self, request: web.Request) -> web.Response:
        """Answer with the page itself."""
        return self._answer("index.html")

    async def get(self, request: web.Request) -> web.Response:
        """Answer with a file; 404 for what is none."""
        return self._answer(request.match_info["name"])

    def _answer(self, name):
        path = self._paths.get(name)
        if path is None:
            raise web.HTTPNotFound()
        headers = HEADERS | {"Content-Type": _TYPES[path.suffix]}
        return web.Response(body=path.read_bytes(), headers=headers)
