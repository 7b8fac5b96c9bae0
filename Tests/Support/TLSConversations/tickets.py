"""Going on with an earlier connection."""

from kinds import *


def ticket(
    talk,
    change=lambda ticket: ticket,
    binder=lambda binder: binder,
    modes=b"\1\1",
    early=b"",
    age=lambda age: age,
    count=1,
):
    """A hello with a ticket of `talk.earlier`, which is a connection of before."""
    earlier = talk.earlier
    talk.psk = earlier["psk"]
    _, added = earlier["lifetime"], earlier["added"]
    told = age(added).to_bytes(4, "big")
    identities = vector(2, vector(2, change(earlier["ticket"])) + told)
    more = early + (extension(MODES, modes) if modes is not None else b"")
    bare = talk.hello(more=more + extension(PSK, identities + vector(2, vector(1, bytes(32)))))
    cut = bare[: -(2 + 33)]
    secret = secureHMAC(bytearray(32), bytearray(talk.psk), "sha256")
    empty = hashlib.sha256(b"").digest()
    key = talk.label(talk.label(secret, b"res binder", empty), b"finished")
    right = hmac.new(key, hashlib.sha256(talk.transcript + cut).digest(), "sha256").digest()
    return cut + vector(2, vector(1, binder(right)))


def remember(client, port):
    """A whole connection, and what it gave for the next."""
    talk = Talk(client).connect(port)
    talk.shake()
    master = talk.label(talk.secret, b"res master", talk.digest())
    talk.echo()
    body = talk.tickets[0]
    lifetime, added = struct.unpack(">II", body[:8])
    nonce = body[9 : 9 + body[8]]
    at = 9 + body[8]
    count = int.from_bytes(body[at : at + 2], "big")
    talk.goodbye()
    talk.outcome()
    talk.close()
    psk = talk.label(master, b"resumption", nonce)
    return {"psk": psk, "ticket": body[at + 2 : at + 2 + count], "lifetime": lifetime, "added": added}


def resuming(name, where="1.3", **how):
    def run(talk, port):
        talk.earlier = remember(talk.client, port)
        talk.connect(port)
        talk.shake(ticket(talk, **how))
        talk.seen.append("goes on" if talk.resumed else "begins anew")
        talk.echo()
        talk.goodbye()

    run.wants_port = True
    ALL.append((f"ticket: {name}", where, run))


resuming("a good one")
resuming("a good one, with a certificate", where="mutual")
resuming("a bit is wrong", change=lambda ticket: ticket[:-1] + bytes([ticket[-1] ^ 1]))
resuming("its first bit is wrong", change=lambda ticket: bytes([ticket[0] ^ 128]) + ticket[1:])
resuming("cut", change=lambda ticket: ticket[:20])
resuming("empty", change=lambda ticket: b"")
resuming("of 10,000 bytes", change=lambda ticket: bytes(10000))
resuming("a wrong binder", binder=lambda binder: bytes([binder[0] ^ 1]) + binder[1:])
resuming("a binder of 33 bytes", binder=lambda binder: binder + b"\0")
resuming("no modes", modes=None)
resuming("without new keys", modes=b"\1\0")
resuming("modes nobody knows", modes=b"\2\7\1")
resuming("a wrong age", age=lambda added: added ^ 0x55555555)


@said("ticket: early data is passed over")
def _(talk, port):
    talk.earlier = remember(talk.client, port)
    talk.connect(port)
    opening = ticket(talk, early=extension(EARLY))
    talk.say(opening)
    early = secureHMAC(bytearray(32), bytearray(talk.psk), "sha256")
    talk.writing = talk.keys(talk.label(early, b"c e traffic", talk.digest()))
    talk.send(DATA, LINE * 10)
    talk.meet(sends=False)
    talk.finish()
    talk.seen.append("goes on" if talk.resumed else "begins anew")
    talk.echo()
    talk.goodbye()


ALL[-1][2].wants_port = True


@said("ticket: early data without end")
def _(talk, port):
    talk.earlier = remember(talk.client, port)
    talk.connect(port)
    talk.say(ticket(talk, early=extension(EARLY)))
    early = secureHMAC(bytearray(32), bytearray(talk.psk), "sha256")
    talk.writing = talk.keys(talk.label(early, b"c e traffic", talk.digest()))
    for _ in range(20):
        talk.send(DATA, FULL)
    talk.meet(sends=False)
    talk.finish()
    talk.echo()


ALL[-1][2].wants_port = True
