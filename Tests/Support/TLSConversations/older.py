"""tlslite-ng by itself, for what it does as it should, and TLS 1.2."""

from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.errors import BaseTLSException

from kinds import *


def whole(name, where, goes_on=None, **changes):
    def run(talk, port):
        settings = HandshakeSettings()
        for key, value in changes.items():
            setattr(settings, key, value)
        session = None
        for _ in range(2 if goes_on else 1):
            link = TLSConnection(socket.create_connection(("127.0.0.1", port), timeout=LONG))
            try:
                arguments = {}
                if where == "mutual":
                    arguments = {"certChain": talk.client.parsed, "privateKey": talk.key}
                link.handshakeClientCert(settings=settings, session=session, **arguments)
                link.write(LINE)
                talk.seen.append("echo" if link.read(min=len(LINE), max=len(LINE)) == LINE else "other bytes")
                if session:
                    talk.seen.append("goes on" if link.resumed else "begins anew")
                session = link.session
                talk.seen.append(f"TLS 1.{link.version[1] - 1}")
                link.close()
            except BaseTLSException as error:
                told = getattr(error, "description", None)
                talk.seen.append(f"alert {told}" if told is not None else type(error).__name__)
            except OSError:
                talk.seen.append("closed")
            finally:
                link.sock.close()

    run.wants_port = True
    ALL.append((f"tlslite-ng: {name}", where, run))


new, old = (3, 4), (3, 3)
for port in ("1.3", "1.2"):
    whole(f"as it comes, to a server of {port}", port)
    whole(f"twice, to a server of {port}", port, goes_on=True)
    whole(f"TLS 1.2 to a server of {port}", port, maxVersion=old)
    whole(f"TLS 1.2 twice to a server of {port}", port, goes_on=True, maxVersion=old)
    whole(f"TLS 1.1 to a server of {port}", port, minVersion=(3, 1), maxVersion=(3, 2))
# It compresses its certificate even if nobody has asked for that.
as_asked = {"certificate_compression_send": [], "certificate_compression_receive": []}
whole("with a certificate", "mutual", **as_asked)
whole("with a certificate, twice", "mutual", goes_on=True, **as_asked)
whole("with a compressed certificate, unasked", "mutual")
for group in ("x25519", "x448", "secp256r1", "secp384r1", "secp521r1"):
    whole(f"agrees by {group}", "1.3", minVersion=new, eccCurves=[group], keyShares=[group], dhGroups=[])
    whole(f"agrees by {group} after a retry", "1.3", minVersion=new, eccCurves=[group], keyShares=[], dhGroups=[])
    if group in ("secp256r1", "x25519"):
        whole(f"agrees by {group} in TLS 1.2", "1.2", maxVersion=old, eccCurves=[group], keyShares=[], dhGroups=[])
for cipher in ("aes128gcm", "aes256gcm", "chacha20-poly1305"):
    whole(f"encrypts with {cipher}", "1.3", cipherNames=[cipher])
    whole(f"encrypts with {cipher} in TLS 1.2", "1.2", maxVersion=old, cipherNames=[cipher])
for cipher in ("aes128ccm", "aes128", "aes256", "3des"):
    whole(f"encrypts with {cipher} in TLS 1.2", "1.2", minVersion=old, maxVersion=old, cipherNames=[cipher])
whole("agrees by RSA in TLS 1.2", "1.2", maxVersion=old, keyExchangeNames=["rsa"])
whole("agrees by finite fields in TLS 1.2", "1.2", maxVersion=old, keyExchangeNames=["dhe_rsa"])
whole("agrees with nobody in TLS 1.2", "1.2", maxVersion=old, keyExchangeNames=["ecdh_anon"])
whole("without the extended master secret in TLS 1.2", "1.2", maxVersion=old, useExtendedMasterSecret=False)


def older(name, act, **changes):
    """Over TLS 1.2, by tlslite-ng up to there."""

    def run(talk, port):
        settings = HandshakeSettings()
        settings.maxVersion = old
        link = TLSConnection(socket.create_connection(("127.0.0.1", port), timeout=LONG))
        link.handshakeClientCert(settings=settings)
        talk.socket = link.sock
        act(link)
        talk.socket.settimeout(SHORT)
        state = link._recordLayer
        try:
            while True:
                for got in state.recvRecord():
                    if got in (0, 1):
                        continue
                    head, parser = got
                    data = bytes(parser.bytes)
                    if head.type == ALERT:
                        talk.seen.append(f"alert {data[1]}")
                    else:
                        talk.seen.append("echo" if head.type == DATA and data == LINE else f"record {head.type}")
        except (socket.timeout, TimeoutError):
            talk.seen.append("waits")
        except (BaseTLSException, OSError):
            talk.seen.append("closed")

    run.wants_port = True
    ALL.append((f"TLS 1.2: {name}", "1.2", run))


class Bytes:
    """A record's content, as tlslite-ng wants it."""

    def __init__(self, kind, data):
        self.contentType, self.data = kind, bytearray(data)

    def write(self):
        return self.data


def sending(*records):
    def act(link):
        for kind, data in records:
            try:
                for _ in link._recordLayer.sendRecord(Bytes(kind, data)):
                    pass
            except OSError:
                return

    return act


def renegotiation(versions=b""):
    body = b"\3\3" + bytes(32) + b"\0" + numbers(2, 0xC02B, 0xC02F, 0x00FF) + b"\1\0"
    body += vector(
        2, extension(GROUPS, numbers(2, X25519)) + extension(SIGNATURES, numbers(2, 0x0403)) + extension(11, b"\1\0")
    )
    return (HANDSHAKE, message(CLIENT_HELLO, body))


older("a line", sending((DATA, LINE)))
older("nothing, and a line", sending((DATA, b""), (DATA, LINE)))
older("20 times nothing, and a line", sending(*[(DATA, b"")] * 20, (DATA, LINE)))
older("1,000 times nothing, and a line", sending(*[(DATA, b"")] * 1000, (DATA, LINE)))
older("a full record", sending((DATA, b"a" * 16383 + b"\n")))
older("a record that is too long", sending((DATA, b"a" * 16384 + b"\n")))
older("renegotiation, and a line", sending(renegotiation(), (DATA, LINE)))
older("renegotiation 20 times, and a line", sending(*[renegotiation()] * 20, (DATA, LINE)))
older("a change of ciphers, and a line", sending((CCS, b"\1"), (DATA, LINE)))
older("a Finished, and a line", sending((HANDSHAKE, message(FINISHED, bytes(12))), (DATA, LINE)))
older("a request for a hello, and a line", sending((HANDSHAKE, message(0)), (DATA, LINE)))
older("new keys as in 1.3, and a line", sending((HANDSHAKE, message(KEY_UPDATE, b"\0")), (DATA, LINE)))
older("a heartbeat, and a line", sending((24, b"\1\x40\0abc"), (DATA, LINE)))
older("an empty alert, and a line", sending((ALERT, b""), (DATA, LINE)))
older("a warning, and a line", sending((ALERT, b"\1\x5a"), (DATA, LINE)))
older("20 warnings, and a line", sending(*[(ALERT, b"\1\x5a")] * 20, (DATA, LINE)))
older("goodbye", sending((ALERT, b"\1\0")))
older("a fatal alert", sending((ALERT, b"\2\x28")))
older("a plain record", lambda link: link.sock.sendall(b"\x17\3\3\0\5" + LINE))
older("garbage", lambda link: link.sock.sendall(b"\x17\3\3\0\x40" + bytes(64)))
