"""Link: one connection, plain or TLS, whose calls never wait."""


class Link:
    def __init__(self, sock, raw):
        self._sock = sock
        self._raw = raw  # below TLS; the same as `sock` without it
        self._retry = 0  # bytes that TLS was given and has not taken

    def send(self, data, start, end):
        """Write data[start:end] as far as the network takes it; return where the rest begins."""
        while start < end:
            # mbedTLS keeps what it could not send and has to be given exactly that again: given
            # more, it says that all of it was sent.
            n = self._sock.write(data, start, self._retry or end - start)
            if not n:
                self._retry = self._retry or end - start
                break
            self._retry = 0
            start += n
        return start

    def readinto(self, buffer):
        """Read what is there into `buffer`; None if nothing is, 0 at the end of the stream."""
        return self._sock.readinto(buffer)

    def close(self):
        """Close the connection; nothing happens to one that is closed or broken."""
        try:
            self._sock.close()
            self._raw.close()
        except OSError:  # reset by the other side: gone all the same
            pass
