"""A web server with releases that is slow, cuts off, knows no ranges or answers what it is told."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ReleaseServer:
    """Serves `files`, {name: bytes}, on a free loopback port.

    - `bytes_per_s`: how fast; None: at once.
    - `cut_after`: bytes of a body after which a connection is cut; None: never.
    - `ranges`: whether it knows them.
    - `answer`: a status that it answers in place of a file, None for none.

    `asked` has (name, first byte, Authorization) of each request; `served` counts bytes of bodies.
    """

    def __init__(self):
        self.files = {}
        self.bytes_per_s = self.cut_after = self.answer = None
        self.ranges = True
        self.asked = []
        self.served = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.serve(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def address(self, name):
        return f"http://127.0.0.1:{self._server.server_address[1]}/files/{name}"

    def serve(self, request):
        name = request.path.rpartition("/")[2]
        first = int(request.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        self.asked.append((name, first, request.headers.get("Authorization")))
        data = self.files.get(name)
        if self.answer or data is None:
            request.send_response(self.answer or 404)
            request.send_header("Location", "/elsewhere")
            request.end_headers()
            return
        if not self.ranges:
            first = 0
        request.send_response(206 if first else 200)
        request.send_header("Content-Length", str(len(data) - first))
        request.end_headers()
        end = len(data) if self.cut_after is None else min(len(data), first + self.cut_after)
        try:
            for at in range(first, end, 1024):
                piece = data[at : min(at + 1024, end)]
                request.wfile.write(piece)
                request.wfile.flush()
                self.served += len(piece)
                if self.bytes_per_s:
                    time.sleep(len(piece) / self.bytes_per_s)
        except OSError:  # the board went away
            return
        if end < len(data):
            request.connection.close()
