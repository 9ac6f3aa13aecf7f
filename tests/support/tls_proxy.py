"""A TLS front for a plain server: certificates are made for the test, every byte is counted."""

import socket
import ssl
import threading


class TLSProxy:
    """Takes TLS on a free loopback port and passes on what is inside.

    `received` is what clients said inside TLS; `certificate` a trustme leaf certificate.
    """

    def __init__(self, port, certificate):
        self._target = ("127.0.0.1", port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self.received = b""
        self.handshakes = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._sockets = [self._server]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        try:
            client = self._context.wrap_socket(raw, server_side=True)
        except (OSError, ssl.SSLError):
            raw.close()
            return
        self.handshakes += 1
        upstream = socket.create_connection(self._target)
        self._sockets += [client, upstream]
        threading.Thread(target=self._pass_on, args=(upstream, client), daemon=True).start()
        self._pass_on(client, upstream, keep=True)

    def _pass_on(self, source, target, keep=False):
        try:
            while data := source.recv(4096):
                if keep:
                    self.received += data
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in self._sockets:
            one.close()
