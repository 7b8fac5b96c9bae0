"""What is said before there are keys."""

from kinds import *

# Whole connections
hello("conversation")
hello("conversation with a suite nobody knows", suites=numbers(2, 0x13FF, 0x1A1A, 0x1301))
hello("no session id", session=b"")
hello("session id of 33 bytes", session=bytes(33))


@said("128 KiB in full records")
def _(talk):
    talk.shake()
    for _ in range(8):
        talk.echo(FULL)
    talk.seen = talk.seen[-1:]
    talk.goodbye()


# Versions
for version in (0x0000, 0x0200, 0x0300, 0x0301, 0x0302, 0x0304, 0x0305, 0x7F1C, 0xFFFF):
    hello(f"legacy version {version:04x}", legacy=version)
hello("versions: none said", without=[VERSIONS])
hello("versions: 1.2 alone", replacing={VERSIONS: numbers(1, 0x0303)})
hello("versions: 1.1 alone", replacing={VERSIONS: numbers(1, 0x0302)})
hello("versions: one of the future alone", replacing={VERSIONS: numbers(1, 0x0305)})
hello("versions: of the future, and ours", replacing={VERSIONS: numbers(1, 0x1A1A, 0x0305, 0x0304)})
hello("versions: drafts and ours", replacing={VERSIONS: numbers(1, 0x7F1C, 0x7F17, 0x0304)})
hello("versions: an empty list", replacing={VERSIONS: b"\0"})
hello("versions: nothing", replacing={VERSIONS: b""})
hello("versions: an odd list", replacing={VERSIONS: b"\x03\x03\x04\x03"})
hello("versions: something behind", replacing={VERSIONS: numbers(1, 0x0304) + b"\0"})
hello("versions: 127 of them", replacing={VERSIONS: numbers(1, *range(0x1000, 0x107E), 0x0304)})

# Suites and compression
hello("suites: unknown alone", suites=numbers(2, 0x13FF))
hello("suites: of 1.2 alone", suites=numbers(2, 0xC02F, 0xC02B))
hello("suites: none", suites=numbers(2))
hello("suites: an odd list", suites=vector(2, b"\x13\x01\x13"))
hello("suites: a signal of fallback", suites=numbers(2, 0x1301, 0x5600))
hello("suites: a signal of renegotiation", suites=numbers(2, 0x00FF, 0x1301))
hello("suites: 8,000", suites=numbers(2, *range(0x2000, 0x2000 + 7999), 0x1301))
hello("compression: deflate too", compression=b"\1\0")
hello("compression: deflate alone", compression=b"\1")
hello("compression: none said", compression=b"")

# Groups and shares
hello("groups: unknown, and ours", replacing={GROUPS: numbers(2, 0x2A2A, 0x1234, X25519)})
hello("groups: unknown alone", replacing={GROUPS: numbers(2, 0x2A2A)})
hello("groups: none", replacing={GROUPS: numbers(2)})
hello("groups: an odd list", replacing={GROUPS: vector(2, b"\0\x1d\0")})
hello("groups: not said", without=[GROUPS])
hello("groups: finite fields alone", replacing={GROUPS: numbers(2, 0x0100, 0x0104), SHARES: vector(2, b"")})
hello("shares: not said", without=[SHARES])
hello("shares: of 31 bytes", replacing={SHARES: vector(2, share(X25519, bytes(31)))})
hello("shares: of 33 bytes", replacing={SHARES: vector(2, share(X25519, bytes(33)))})
hello("shares: empty", replacing={SHARES: vector(2, share(X25519, b""))})
hello("shares: zero", replacing={SHARES: vector(2, share(X25519, bytes(32)))})
hello("shares: a point of small order", replacing={SHARES: vector(2, share(X25519, b"\1" + bytes(31)))})
hello("shares: no point of P-256", replacing={SHARES: vector(2, share(P256, b"\4" + bytes(63) + b"\7"))})
hello("shares: a compressed point of P-256", replacing={SHARES: vector(2, share(P256, b"\2" + bytes(32)))})
hello("shares: infinity of P-256", replacing={SHARES: vector(2, share(P256, b"\0"))})
hello(
    "shares: twice the same group",
    replacing=lambda talk: {SHARES: vector(2, share(X25519, talk.public) * 2)},
)
hello(
    "shares: of a group that is not among ours",
    replacing=lambda talk: {GROUPS: numbers(2, P256), SHARES: vector(2, share(X25519, talk.public))},
)
hello(
    "shares: of an unknown group, and ours",
    replacing=lambda talk: {
        GROUPS: numbers(2, 0x2A2A, X25519),
        SHARES: vector(2, share(0x2A2A, b"\0") + share(X25519, talk.public)),
    },
)
hello("shares: cut off", replacing={SHARES: vector(2, b"\0\x1d\0\x20")})
hello("shares: something behind", replacing=lambda talk: {SHARES: vector(2, share(X25519, talk.public)) + b"\0"})


def retry(name, second):
    def run(talk):
        first = talk.hello(replacing={SHARES: vector(2, b"")})
        talk.meet(first)
        assert talk.retries, "no retry is asked for"
        talk.seen.append("retry")
        answer = second(talk, first)
        talk.shake(answer)
        talk.echo()
        talk.goodbye()

    ALL.append((name, "1.3", run))


def again(talk, first, body=None):
    """The same hello with another body of the shares at its end."""
    body = vector(2, share(X25519, talk.public)) if body is None else body
    kept = first[4 + 2 + 32 + 33 + 4 + 2 :]
    head = first[4 : 4 + 2 + 32 + 33 + 4 + 2]
    rest = kept[2:][: -len(extension(SHARES, vector(2, b"")))]
    return message(CLIENT_HELLO, head + vector(2, rest + extension(SHARES, body)))


retry("retry: a share that was asked for", again)
retry("retry: the same hello again", lambda talk, first: first)
retry(
    "retry: a share that was not asked for",
    lambda talk, first: again(talk, first, vector(2, share(P256, b"\4" + bytes(64)))),
)
retry("retry: another random", lambda talk, first: talk.hello())
retry("retry: a Finished instead", lambda talk, first: message(FINISHED, bytes(32)))

# Signatures
hello("signatures: unknown, and ours", replacing={SIGNATURES: numbers(2, 0x2A2A, 0x0403)})
hello("signatures: unknown alone", replacing={SIGNATURES: numbers(2, 0x2A2A)})
hello("signatures: none of our key's kind", replacing={SIGNATURES: numbers(2, 0x0804, 0x0401)})
hello("signatures: SHA-1 alone", replacing={SIGNATURES: numbers(2, 0x0203, 0x0201)})
hello("signatures: another curve's alone", replacing={SIGNATURES: numbers(2, 0x0503)})
hello("signatures: none", replacing={SIGNATURES: numbers(2)})
hello("signatures: an odd list", replacing={SIGNATURES: vector(2, b"\4\3\4")})
hello("signatures: not said", without=[SIGNATURES])
hello("signatures: 8,000", replacing={SIGNATURES: numbers(2, *range(0x2000, 0x2000 + 7999), 0x0403)})

# Other extensions
hello("extensions: unknown ones", more=extension(0x2A2A) + extension(0x9999, b"abc"))
hello("extensions: of a number that we use within", more=extension(0xFF53, b"x"))
hello("extensions: 1,000 unknown ones", more=b"".join(extension(0x3000 + n) for n in range(1000)))
hello("extensions: the same twice", more=extension(VERSIONS, numbers(1, 0x0304)))
hello("extensions: none", all=b"")
hello("extensions: an empty list", all=vector(2, b""))
hello("extensions: a list that is too long", all=b"\xff\xff")
hello("extensions: one that is too long", more=b"\x2a\x2a\0\5abc")
hello("extensions: something behind the list", all=lambda talk: vector(2, talk.extensions()) + b"abc")
hello("extensions: 16 KiB of padding", more=extension(PAD, bytes(15000)))
hello("name: localhost", more=extension(SNI, vector(2, b"\0" + vector(2, b"localhost"))))
hello("name: empty", more=extension(SNI, vector(2, b"\0" + vector(2, b""))))
hello("name: with a zero", more=extension(SNI, vector(2, b"\0" + vector(2, b"local\0host"))))
hello("name: two", more=extension(SNI, vector(2, (b"\0" + vector(2, b"a")) * 2)))
hello("name: of another kind", more=extension(SNI, vector(2, b"\1" + vector(2, b"a"))))
hello("name: of 300 bytes", more=extension(SNI, vector(2, b"\0" + vector(2, b"a" * 300))))
hello("name: malformed", more=extension(SNI, b"\0"))
hello("protocols: an empty list", more=extension(ALPN, vector(2, b"")))
hello("protocols: an empty name", more=extension(ALPN, vector(2, b"\0")))
hello("protocols: malformed", more=extension(ALPN, vector(2, b"\x09abc")))
hello("fragments of 512", more=extension(1, b"\1"))
hello("fragments of an unknown length", more=extension(1, b"\5"))
hello("heartbeats", more=extension(15, b"\1"))
hello("a record's limit", more=extension(28, b"\0\x40"))
hello("stapling", more=extension(5, b"\1\0\0\0\0"))
hello("stapling, malformed", more=extension(5, b"\1\0\5"))
hello("keys that were not shared, no modes", more=extension(PSK, bytes(10)))
hello("modes without keys", more=extension(MODES, b"\1\1"))
hello("modes: none", more=extension(MODES, b"\0"))
hello(
    "a key that nobody knows",
    more=extension(MODES, b"\1\1")
    + extension(PSK, vector(2, vector(2, b"who") + bytes(4)) + vector(2, vector(1, bytes(32)))),
)
hello(
    "a key that nobody knows, not at the end",
    more=extension(MODES, b"\1\1")
    + extension(PSK, vector(2, vector(2, b"who") + bytes(4)) + vector(2, vector(1, bytes(32))))
    + extension(0x2A2A),
)
hello("early data without a key", more=extension(EARLY))
hello("a cookie that nobody gave", more=extension(44, vector(2, b"abc")))
hello("an offer of post-handshake certificates", more=extension(49))

# What is in records before there are keys
instead("nothing, and the end")
instead("HTTP", b"GET / HTTP/1.1\r\n\r\n")
instead("zeros", bytes(100))
instead("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(60))
instead("a record of no bytes", (HANDSHAKE, b""))
instead("data before a hello", (DATA, LINE))
instead("an unknown record", (25, b"abc"))
instead("a heartbeat", (24, b"\1\0\3abc"))
instead("an empty alert", (ALERT, b""))
instead("half an alert", (ALERT, b"\1"))
instead("two alerts in a record", (ALERT, b"\1\x5a\1\x5a"))
instead("an alert of an unknown level", (ALERT, b"\7\x5a"))
instead("warnings without end", *[(ALERT, b"\1\x5a")] * 20)
instead("an end", (ALERT, b"\1\0"))
instead("a fatal alert", (ALERT, b"\2\x28"))
instead("a change of ciphers before a hello", (CCS, b"\1"))
instead("a record that is too long", (HANDSHAKE, message(CLIENT_HELLO, bytes(16381))))
instead("a record of 65,535 bytes", (HANDSHAKE, message(CLIENT_HELLO, bytes(65531))))
instead("a hello of 16 MiB", (HANDSHAKE, b"\1\xff\xff\xff" + bytes(100)))
instead("a hello of 200 KB, all of it", *[(HANDSHAKE, b"\1\3\0\0" + bytes(16000))] + [(HANDSHAKE, bytes(16000))] * 12)
instead("an empty hello", (HANDSHAKE, message(CLIENT_HELLO)))
instead("a hello of zeros", (HANDSHAKE, message(CLIENT_HELLO, bytes(100))))
instead("a hello's head alone", (HANDSHAKE, message(CLIENT_HELLO, struct.pack(">H", 0x0303) + bytes(32))))
instead("a Finished before a hello", (HANDSHAKE, message(FINISHED, bytes(32))))
instead("an unknown message before a hello", (HANDSHAKE, message(99, b"abc")))
for kind in (0, SERVER_HELLO, TICKET, EXTENSIONS, CERTIFICATE, KEY_UPDATE, 254):
    instead(f"message {kind} before a hello", (HANDSHAKE, message(kind, bytes(8))))


def parted(name, part, where="1.3"):
    def run(talk):
        first = talk.hello()
        talk.transcript += first
        part(talk, first)
        talk.meet(sends=False)
        talk.finish()
        talk.echo()
        talk.goodbye()

    ALL.append((name, where, run))


parted("a hello in two records", lambda talk, all: [talk.plain(HANDSHAKE, all[:50]), talk.plain(HANDSHAKE, all[50:])])
parted(
    "a hello in records of a byte",
    lambda talk, all: talk.raw(b"".join(b"\x16\3\1\0\1" + bytes([one]) for one in all)),
)
parted(
    "a hello in segments of a byte",
    lambda talk, all: [talk.raw(bytes([one])) for one in b"\x16\3\1" + vector(2, all)],
)
parted(
    "an empty record within a hello",
    lambda talk, all: [talk.plain(HANDSHAKE, all[:50]), talk.plain(HANDSHAKE, b""), talk.plain(HANDSHAKE, all[50:])],
)
parted(
    "a warning within a hello",
    lambda talk, all: [
        talk.plain(HANDSHAKE, all[:50]),
        talk.plain(ALERT, b"\1\x5a"),
        talk.plain(HANDSHAKE, all[50:]),
    ],
)
parted(
    "a change of ciphers within a hello",
    lambda talk, all: [talk.plain(HANDSHAKE, all[:50]), talk.plain(CCS, b"\1"), talk.plain(HANDSHAKE, all[50:])],
)
parted("two hellos in a record", lambda talk, all: talk.plain(HANDSHAKE, all + all))
parted("two hellos", lambda talk, all: [talk.plain(HANDSHAKE, all), talk.plain(HANDSHAKE, all)])
parted("a hello, and plain data", lambda talk, all: [talk.plain(HANDSHAKE, all), talk.plain(DATA, bytes(50))])
for version in (0x0000, 0x0300, 0x0301, 0x0304, 0x0399, 0x0400, 0xFFFF):
    parted(f"a record of version {version:04x}", lambda talk, all, v=version: talk.plain(HANDSHAKE, all, version=v))
