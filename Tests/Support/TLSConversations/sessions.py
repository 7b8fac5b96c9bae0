"""What is said when the handshake is over."""

from kinds import *

# Records of data
later("data: nothing", DATA, b"")
later("data: nothing, padded", DATA, b"", pad=100)
later("data: padding alone", None, b"", pad=100)
later("data: an inner kind of its own", 99, b"abc")
later("data: a bit is wrong", DATA, LINE, flip=True)
later("data: a full record that is padded over the limit", DATA, FULL, pad=1, then=False)
later("data: a record over the limit", DATA, FULL + b"a", then=False)


@said("data: padded up to the limit")
def _(talk):
    talk.shake()
    talk.send(DATA, LINE, pad=16384 - len(LINE))
    talk.echo(sends=False)
    talk.echo(FULL)


@said("data: 20 empty records")
def _(talk):
    talk.shake()
    for _ in range(20):
        talk.send(DATA, b"")
    talk.echo()


@said("data: 1,000 empty records")
def _(talk):
    talk.shake()
    talk.raw(b"".join(talk.seal(DATA, b"") for _ in range(1000)))
    talk.echo()


@said("data: in records of a byte")
def _(talk):
    talk.shake()
    for _ in range(50):
        talk.raw(b"".join(talk.seal(DATA, bytes([one])) for one in LINE))
        talk.echo(sends=False)
    talk.seen = talk.seen[-1:]


@said("data: a record again")
def _(talk):
    talk.shake()
    once = talk.seal(DATA, LINE)
    talk.raw(once + once)
    talk.echo(sends=False)


@said("data: a record is left away")
def _(talk):
    talk.shake()
    talk.seal(DATA, LINE)
    talk.echo()


@said("data: a plain record")
def _(talk):
    talk.shake()
    talk.plain(DATA, LINE)


@said("data: too short to be encrypted")
def _(talk):
    talk.shake()
    talk.plain(DATA, bytes(16))


@said("data: an encrypted record of 16,640 bytes and one")
def _(talk):
    talk.shake()
    talk.plain(DATA, bytes(16641))


@said("data: a record of another version")
def _(talk):
    talk.shake()
    talk.plain(DATA, bytes(50), version=0x0301)


@said("data: bytes behind a goodbye")
def _(talk):
    talk.shake()
    talk.goodbye()
    talk.send(DATA, LINE)


@said("data: cut off in the middle of a record")
def _(talk):
    talk.shake()
    talk.raw(talk.seal(DATA, LINE)[:10])
    talk.socket.shutdown(socket.SHUT_WR)


@said("data: an end without a goodbye")
def _(talk):
    talk.shake()
    talk.echo()
    talk.socket.shutdown(socket.SHUT_WR)


# Alerts when the handshake is over
later("alert: empty", ALERT, b"")
later("alert: half", ALERT, b"\1")
later("alert: of three bytes", ALERT, b"\1\x5a\0")
later("alert: two in a record", ALERT, b"\1\x5a\1\x5a")
later("alert: a warning", ALERT, b"\1\x5a")
later("alert: an unknown warning", ALERT, b"\1\xfa")
later("alert: of an unknown level", ALERT, b"\3\x5a")
later("alert: fatal", ALERT, b"\2\x28", then=False)
later("alert: fatal, and unknown", ALERT, b"\2\xfa", then=False)


@said("alert: warnings without end")
def _(talk):
    talk.shake()
    for _ in range(20):
        talk.send(ALERT, b"\1\x5a")
    talk.echo()


@said("alert: plain")
def _(talk):
    talk.shake()
    talk.plain(ALERT, b"\2\x28")


# Messages when the handshake is over
for kind in (
    0,
    CLIENT_HELLO,
    SERVER_HELLO,
    TICKET,
    END_OF_EARLY,
    EXTENSIONS,
    CERTIFICATE,
    REQUEST,
    VERIFY,
    FINISHED,
    99,
    254,
):
    later(f"message {kind} when the handshake is over", HANDSHAKE, message(kind, bytes(40)))
later("a message of no bytes when the handshake is over", HANDSHAKE, b"")
later("half a message when the handshake is over, and data", HANDSHAKE, message(KEY_UPDATE, b"\0")[:3])


def renewing(name, *bodies, renews=1, asked=0):
    """KeyUpdates with these bodies, one a record, and a line behind them."""

    def run(talk):
        talk.shake()
        for body in bodies:
            talk.send(HANDSHAKE, message(KEY_UPDATE, body))
            talk.renew(talk.writing)
        talk.echo()
        talk.echo()
        talk.goodbye()

    ALL.append((f"new keys: {name}", "1.3", run))


renewing("ours", b"\0")
renewing("both", b"\1")
renewing("both, 20 times", *[b"\1"] * 20)
renewing("ours, 100 times", *[b"\0"] * 100)
renewing("both, 100 times", *[b"\1"] * 100)
renewing("an unknown wish", b"\2")
renewing("no wish", b"")
renewing("two wishes", b"\0\0")


@said("new keys: with a message behind it in the same record")
def _(talk):
    talk.shake()
    talk.send(HANDSHAKE, message(KEY_UPDATE, b"\0") * 2)
    talk.renew(talk.writing)
    talk.echo()


@said("new keys: in records of a byte")
def _(talk):
    talk.shake()
    for one in message(KEY_UPDATE, b"\1"):
        talk.send(HANDSHAKE, bytes([one]))
    talk.renew(talk.writing)
    talk.echo()


@said("new keys: said, and not used")
def _(talk):
    talk.shake()
    talk.send(HANDSHAKE, message(KEY_UPDATE, b"\0"))
    talk.echo()
