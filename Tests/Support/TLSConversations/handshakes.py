"""How handshakes end, and certificates of clients."""

from kinds import *


# Changes of ciphers
def changing(name, *records, late=False):
    def run(talk):
        talk.meet()
        if late:
            talk.finish()
        for one in records:
            talk.raw(one)
        if not late:
            talk.finish()
        talk.echo()
        talk.goodbye()

    ALL.append((f"a change of ciphers: {name}", "1.3", run))


changing("one", b"\x14\3\3\0\1\1")
changing("two", *[b"\x14\3\3\0\1\1"] * 2)
changing("40", *[b"\x14\3\3\0\1\1"] * 40)
changing("another value", b"\x14\3\3\0\1\2")
changing("of two bytes", b"\x14\3\3\0\2\1\1")
changing("empty", b"\x14\3\3\0\0")
changing("when the handshake is over", b"\x14\3\3\0\1\1", late=True)


@said("a change of ciphers: encrypted")
def _(talk):
    talk.meet()
    talk.send(CCS, b"\1")
    talk.finish()
    talk.echo()


# The end of the handshake
def ending(name, last, where="1.3", then=True):
    """Other messages than our Finished."""

    def run(talk):
        talk.meet()
        last(talk)
        talk.establish()
        if then:
            talk.echo()
            talk.goodbye()

    ALL.append((f"finished: {name}", where, run))


def proving(change):
    return lambda talk: talk.say(message(FINISHED, change(talk.proof())))


ending("as it should be", proving(lambda proof: proof))
ending("a bit is wrong", proving(lambda proof: bytes([proof[0] ^ 1]) + proof[1:]))
ending("the last bit is wrong", proving(lambda proof: proof[:-1] + bytes([proof[-1] ^ 128])))
ending("zeros", proving(lambda proof: bytes(32)))
ending("a byte is missing", proving(lambda proof: proof[:-1]))
ending("a byte too many", proving(lambda proof: proof + b"\0"))
ending("empty", proving(lambda proof: b""))
ending("of 16,000 bytes", proving(lambda proof: bytes(16000)))
ending("of 16 MiB", lambda talk: talk.say(b"\x14\xff\xff\xff" + bytes(100)))
ending("left away", lambda talk: None)
ending("plain", lambda talk: talk.plain(HANDSHAKE, message(FINISHED, talk.proof())))
ending("twice", lambda talk: [talk.say(message(FINISHED, talk.proof())) for _ in range(2)])
ending(
    "with something behind it", lambda talk: talk.say(message(FINISHED, talk.proof()) + message(KEY_UPDATE, b"\0"))
)
ending(
    "in records of a byte",
    lambda talk: [talk.send(HANDSHAKE, bytes([one])) for one in message(FINISHED, talk.proof())],
)
ending(
    "an empty record before it", lambda talk: [talk.send(HANDSHAKE, b""), talk.say(message(FINISHED, talk.proof()))]
)
ending("padded", lambda talk: talk.say(message(FINISHED, talk.proof()), pad=1000))
ending(
    "new keys before it",
    lambda talk: [talk.say(message(KEY_UPDATE, b"\0")), talk.say(message(FINISHED, talk.proof()))],
)
ending("data before it", lambda talk: [talk.send(DATA, LINE), talk.say(message(FINISHED, talk.proof()))])
ending(
    "an end of early data before it",
    lambda talk: [talk.say(message(END_OF_EARLY)), talk.say(message(FINISHED, talk.proof()))],
)
ending(
    "a certificate nobody asked for before it",
    lambda talk: [talk.say(talk.certificate(chain=[])), talk.say(message(FINISHED, talk.proof()))],
)
ending("a warning before it", lambda talk: [talk.send(ALERT, b"\1\x5a"), talk.say(message(FINISHED, talk.proof()))])
ending("goodbye instead", lambda talk: talk.goodbye(), then=False)
ending("a fatal alert instead", lambda talk: talk.send(ALERT, b"\2\x28"), then=False)
ending("a bit of the record is wrong", lambda talk: talk.send(HANDSHAKE, message(FINISHED, talk.proof()), flip=True))


# Certificates of clients
def showing(name, last, where="mutual"):
    ending(f"certificates: {name}", last, where)
    ALL[-1] = (f"certificate: {name}", where, ALL[-1][2])


def done(talk):
    talk.say(message(FINISHED, talk.proof()))


showing("as it should be", lambda talk: [talk.identify(), done(talk)])
showing("none", lambda talk: [talk.say(talk.certificate(chain=[])), done(talk)])
showing("no message", done)
showing("no proof", lambda talk: [talk.say(talk.certificate()), done(talk)])
showing(
    "a proof without a certificate",
    lambda talk: [talk.say(talk.certificate(chain=[])), talk.say(talk.verify()), done(talk)],
)
showing("a proof alone", lambda talk: [talk.say(talk.verify()), done(talk)])
showing("a wrong proof", lambda talk: [talk.say(talk.certificate()), talk.say(talk.verify(flip=True)), done(talk)])
showing(
    "a proof as the server's",
    lambda talk: [talk.say(talk.certificate()), talk.say(talk.verify(role=b"server")), done(talk)],
)
showing(
    "a proof with SHA-1",
    lambda talk: [talk.say(talk.certificate()), talk.say(talk.verify(scheme=0x0203)), done(talk)],
)
showing(
    "a proof of another curve's kind",
    lambda talk: [talk.say(talk.certificate()), talk.say(talk.verify(scheme=0x0503)), done(talk)],
)
showing(
    "a proof of an unknown kind",
    lambda talk: [
        talk.say(talk.certificate()),
        talk.say(message(VERIFY, b"\x2a\x2a" + vector(2, bytes(70)))),
        done(talk),
    ],
)
showing(
    "a proof of RSA's kind",
    lambda talk: [
        talk.say(talk.certificate()),
        talk.say(message(VERIFY, b"\x08\x04" + vector(2, bytes(256)))),
        done(talk),
    ],
)
showing(
    "an empty proof", lambda talk: [talk.say(talk.certificate()), talk.say(message(VERIFY, b"\4\3\0\0")), done(talk)]
)
showing(
    "a malformed proof", lambda talk: [talk.say(talk.certificate()), talk.say(message(VERIFY, b"\4")), done(talk)]
)
showing(
    "something behind the proof",
    lambda talk: [talk.say(talk.certificate()), talk.say(message(VERIFY, talk.verify()[4:] + b"\0")), done(talk)],
)
showing(
    "two proofs",
    lambda talk: [talk.say(talk.certificate()), talk.say(talk.verify()), talk.say(talk.verify()), done(talk)],
)
showing(
    "two certificates' messages",
    lambda talk: [talk.say(talk.certificate()), talk.say(talk.certificate()), talk.say(talk.verify()), done(talk)],
)
showing("a context", lambda talk: [talk.say(talk.certificate(context=b"abc")), talk.say(talk.verify()), done(talk)])
showing("no certificate, but bytes", lambda talk: [talk.say(talk.certificate(chain=[b"abc"])), done(talk)])
showing("an empty entry", lambda talk: [talk.say(talk.certificate(chain=[b""])), done(talk)])
showing("a malformed list", lambda talk: [talk.say(message(CERTIFICATE, b"\0\0\0\5abc")), done(talk)])
showing("an empty message", lambda talk: [talk.say(message(CERTIFICATE)), done(talk)])
showing(
    "a bit of it is wrong",
    lambda talk: [
        talk.say(talk.certificate(chain=[talk.chain[0][:-1] + bytes([talk.chain[0][-1] ^ 1])])),
        talk.say(talk.verify()),
        done(talk),
    ],
)
showing(
    "100 of them",
    lambda talk: [talk.say(talk.certificate(chain=talk.chain * 30)), talk.say(talk.verify()), done(talk)],
)
showing("a message of 16 MiB", lambda talk: talk.say(b"\x0b\xff\xff\xff" + bytes(1000)))
showing("new keys before it", lambda talk: [talk.say(message(KEY_UPDATE, b"\0")), talk.identify(), done(talk)])
showing("data before it", lambda talk: [talk.send(DATA, LINE), talk.identify(), done(talk)])
