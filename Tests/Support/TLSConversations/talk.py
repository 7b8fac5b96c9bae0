"""One connection over TLS 1.3, made record by record, so that any of it can be against the rules."""

import hashlib
import hmac
import os
import socket
import struct

from tlslite.utils.cipherfactory import createAESGCM
from tlslite.utils.cryptomath import HKDF_expand_label, secureHMAC
from tlslite.utils.x25519 import X25519_G, x25519

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, TICKET, END_OF_EARLY, EXTENSIONS = 1, 2, 4, 5, 8
CERTIFICATE, REQUEST, VERIFY, FINISHED, KEY_UPDATE = 11, 13, 15, 20, 24
SNI, GROUPS, SIGNATURES, ALPN, PAD, EARLY, VERSIONS, MODES, SHARES, PSK = 0, 10, 13, 16, 21, 42, 43, 45, 51, 41
X25519, P256 = 0x001D, 0x0017
LINE = b"abba\n"
FULL = LINE * 3276 + b"aaa\n"  # 16,384 bytes
SHORT, LONG = 0.3, 3.0
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def numbers(size, *values):
    return vector(size, b"".join(struct.pack(">H", value) for value in values))


def message(kind, body=b""):
    return bytes([kind]) + vector(3, body)


def extension(kind, body=b""):
    return struct.pack(">H", kind) + vector(2, body)


def share(group, key):
    return struct.pack(">H", group) + vector(2, key)


def summary(seen):
    """The same several times is said once."""
    runs = []
    for one in seen:
        if runs and runs[-1][0] == one:
            runs[-1][1] += 1
        else:
            runs.append([one, 1])
    return ", ".join(one if count == 1 else f"{count} x {one}" for one, count in runs) or "nothing"


class Ended(Exception):
    """The other side has said its last: an alert, or nothing."""


class Talk:
    """One connection, its keys, and what has been heard."""

    def __init__(self, client):
        self.socket = None
        self.client, self.chain, self.key = client, client.chain, client.key
        self.private = bytearray(os.urandom(32))
        self.public = bytes(x25519(self.private, X25519_G))
        self.transcript, self.incoming, self.seen, self.tickets = b"", b"", [], []
        self.reading = self.writing = None
        self.psk = bytes(32)

    def connect(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONG)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def close(self):
        if self.socket:
            self.socket.close()

    # Records

    def raw(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # It is told when we read.

    def plain(self, kind, data, version=0x0303):
        self.raw(struct.pack(">BHH", kind, version, len(data)) + data)

    def seal(self, kind, data, pad=0, flip=False):
        key, iv, number, _ = self.writing
        inner = data + (bytes([kind]) if kind is not None else b"") + bytes(pad)
        head = struct.pack(">BHH", DATA, 0x0303, len(inner) + 16)
        nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
        sealed = bytearray(createAESGCM(bytearray(key)).seal(bytearray(nonce), bytearray(inner), bytearray(head)))
        if flip:
            sealed[0] ^= 1
        self.writing[2] += 1
        return head + bytes(sealed)

    def send(self, kind, data, **how):
        if self.writing:
            self.raw(self.seal(kind, data, **how))
        else:
            self.plain(kind, data)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def record(self):
        """The next one, decrypted."""
        kind, _, count = struct.unpack(">BHH", self.exactly(5))
        data = self.exactly(count)
        if self.reading and kind == DATA:
            key, iv, number, _ = self.reading
            nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
            head = struct.pack(">BHH", DATA, 0x0303, count)
            data = createAESGCM(bytearray(key)).open(bytearray(nonce), bytearray(data), bytearray(head))
            assert data is not None, "it cannot be decrypted"
            self.reading[2] += 1
            data = bytes(data).rstrip(b"\0")
            kind, data = data[-1], data[:-1]
        return kind, data

    def next(self, limit=LONG):
        """What comes next: a pair of its kind and its bytes; tickets are put aside, alerts end it."""
        self.socket.settimeout(limit)
        while True:
            if len(self.incoming) >= 4:
                count = 4 + int.from_bytes(self.incoming[1:4], "big")
                if len(self.incoming) >= count:
                    found, self.incoming = self.incoming[:count], self.incoming[count:]
                    if found[0] == TICKET and self.reading:
                        self.tickets.append(found[4:])
                        continue
                    if found[0] == KEY_UPDATE and self.reading:
                        self.renew(self.reading)
                    return found[0], found
            try:
                kind, data = self.record()
            except (socket.timeout, TimeoutError):
                raise Ended("waits") from None
            except (EOFError, ConnectionError):
                raise Ended("closed") from None
            if kind == HANDSHAKE:
                self.incoming += data
            elif kind == ALERT:
                self.seen.append(f"alert {data[1]}")
                if data[0] == 2 or data[1] == 0:
                    raise Ended("")
            elif kind == DATA:
                return None, data

    # Keys

    def label(self, secret, label, context=b"", count=32):
        return bytes(HKDF_expand_label(bytearray(secret), bytearray(label), bytearray(context), count, "sha256"))

    def digest(self):
        return hashlib.sha256(self.transcript).digest()

    def keys(self, secret):
        return [self.label(secret, b"key", count=16), self.label(secret, b"iv", count=12), 0, secret]

    def renew(self, state):
        state[:] = self.keys(self.label(state[3], b"traffic upd"))

    def early(self):
        self.secret = secureHMAC(bytearray(32), bytearray(self.psk), "sha256")

    def extract(self, value):
        empty = hashlib.sha256(b"").digest()
        return secureHMAC(bytearray(self.label(self.secret, b"derived", empty)), bytearray(value), "sha256")

    # The handshake

    def extensions(self, replacing={}, without=(), more=b""):
        """Those of our hello, in their order; `replacing` has bodies, or whole extensions as a list."""
        usual = {
            VERSIONS: numbers(1, 0x0304),
            GROUPS: numbers(2, X25519, P256),
            SIGNATURES: numbers(2, 0x0403, 0x0804, 0x0401),
            SHARES: vector(2, share(X25519, self.public)),
        }
        usual.update(replacing)
        return b"".join(extension(kind, body) for kind, body in usual.items() if kind not in without) + more

    def hello(self, legacy=0x0303, suites=None, compression=b"\x00", session=None, all=None, **changes):
        suites = numbers(2, 0x1301) if suites is None else suites
        session = os.urandom(32) if session is None else session
        body = struct.pack(">H", legacy) + os.urandom(32) + vector(1, session) + suites + vector(1, compression)
        body += vector(2, self.extensions(**changes)) if all is None else all
        return message(CLIENT_HELLO, body)

    def say(self, data, kind=HANDSHAKE, **how):
        """A message that counts for the transcript."""
        self.transcript += data
        self.send(kind, data, **how)

    def hear(self, *kinds):
        kind, data = self.next()
        assert kind in kinds, f"{kind} came instead of {kinds}"
        self.transcript += data
        return data

    def meet(self, hello=None, sends=True):
        """Up to the server's Finished; keys for what follows are ours then."""
        if sends:
            self.say(hello or self.hello())
        answer = self.hear(SERVER_HELLO)
        found, at = {}, 4 + 2 + 32 + 1 + answer[38] + 3
        self.retries = answer[6:38] == RETRY
        rest = answer[at + 2 :]
        while rest:
            kind, count = struct.unpack(">HH", rest[:4])
            found[kind], rest = rest[4 : 4 + count], rest[4 + count :]
        if self.retries:
            first = self.transcript[: -len(answer)]
            self.transcript = message(254, hashlib.sha256(first).digest()) + answer
            return found
        self.resumed = PSK in found
        if not self.resumed:
            self.psk = bytes(32)
        self.early()
        self.secret = self.extract(x25519(self.private, bytearray(found[SHARES][4:])))
        client = self.label(self.secret, b"c hs traffic", self.digest())
        server = self.label(self.secret, b"s hs traffic", self.digest())
        self.reading, self.handshake = self.keys(server), self.keys(client)
        self.hear(EXTENSIONS)
        self.asks, kind = False, None
        while kind != FINISHED:
            kind = self.hear(REQUEST, CERTIFICATE, VERIFY, FINISHED)[0]
            self.asks = self.asks or kind == REQUEST
        self.secret = self.extract(bytes(32))
        self.application = [
            self.label(self.secret, name, self.digest()) for name in (b"c ap traffic", b"s ap traffic")
        ]
        self.reading = self.keys(self.application[1])
        self.writing = self.handshake
        return found

    def certificate(self, context=b"", chain=None):
        chain = self.chain if chain is None else chain
        return message(
            CERTIFICATE, vector(1, context) + vector(3, b"".join(vector(3, one) + b"\0\0" for one in chain))
        )

    def verify(self, scheme=0x0403, role=b"client", flip=False):
        signed = b" " * 64 + b"TLS 1.3, " + role + b" CertificateVerify\0" + self.digest()
        name = "sha1" if scheme == 0x0203 else "sha256"
        signature = bytearray(self.key.hashAndSign(bytearray(signed), hAlg=name))
        if flip:
            signature[-1] ^= 1
        return message(VERIFY, struct.pack(">H", scheme) + vector(2, bytes(signature)))

    def proof(self):
        """What Finished has to say now."""
        key = self.label(self.handshake[3], b"finished")
        return hmac.new(key, self.digest(), "sha256").digest()

    def identify(self):
        self.say(self.certificate())
        if self.chain:
            self.say(self.verify())

    def finish(self):
        self.say(message(FINISHED, self.proof()))
        self.establish()

    def establish(self):
        self.writing = self.keys(self.application[0])

    def shake(self, hello=None):
        self.meet(hello)
        if self.asks:
            self.identify()
        self.finish()
        return self

    # What has become of it

    def echo(self, data=LINE, sends=True):
        if sends:
            self.send(DATA, data)
        got = b""
        while len(got) < len(data):
            kind, more = self.next()
            assert kind in (None, KEY_UPDATE), f"message {kind}"
            if kind == KEY_UPDATE:
                self.seen.append("new keys")
            else:
                got += more
        self.seen.append("echo" if got == data else f"other bytes: {got[:20]}")

    def goodbye(self):
        self.send(ALERT, b"\x01\x00")

    def outcome(self):
        count = 0
        try:
            while True:
                kind, data = self.next(SHORT)
                count += len(data) if kind is None else 0
                if kind is not None:
                    self.seen.append("new keys" if kind == KEY_UPDATE else f"message {kind}")
        except Ended as end:
            if count > 0:
                # Before the alert that has ended it, if one has.
                self.seen.insert(len(self.seen) - (not str(end)), f"{count} bytes")
            if str(end):
                self.seen.append(str(end))
        return summary(self.seen)
