"""The two servers that are talked to."""

import os
import socket
import subprocess
import threading
import time


class Echo:
    """Ours, which says where it listens."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([program, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline().rsplit(b":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait() == 0, "the echo has not ended as it should"


class OpenSSL:
    """Its own server, with what it gets sent back through its input."""

    def __init__(self, *words):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        pipe = subprocess.PIPE
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-quiet", *words]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.pass_on, daemon=True).start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "openssl s_server does not listen"
                time.sleep(0.01)

    def pass_on(self):
        try:
            while data := os.read(self.process.stdout.fileno(), 65536):
                while data:
                    data = data[os.write(self.process.stdin.fileno(), data) :]
        except OSError:
            pass  # It has ended.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


PLACES = ("1.3", "1.2", "mutual")


def options(where, place, ours):
    """Of a server of this kind."""
    if ours:
        more = {"1.3": [], "1.2": ["--tls", "1.2"], "mutual": ["--ca", f"{place}/ca.pem"]}[where]
        return ["--no-alpn", "--cert", f"{place}/localhost.pem", "--key", f"{place}/localhost.key"] + more
    more = {
        "1.3": ["-tls1_3"],
        "1.2": ["-min_protocol", "TLSv1.2"],
        "mutual": ["-tls1_3", "-CAfile", f"{place}/ca.pem", "-Verify", "5", "-verify_return_error"],
    }[where]
    # As ours is set.
    return (
        ["-cert", f"{place}/localhost.pem", "-key", f"{place}/localhost.key"]
        + [
            "-no_renegotiation",
            "-serverpref",
            "-num_tickets",
            "1",
            "-cipher",
            "ECDHE+AESGCM:ECDHE+CHACHA20",
            "-groups",
            "X25519:P-256:X448:P-521:P-384",
        ]
        + more
    )
