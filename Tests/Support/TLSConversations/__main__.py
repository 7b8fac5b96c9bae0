"""Talks TLS to psyne-tls-echo and to `openssl s_server`, mostly against the rules, and says where they answer
differently. What is said is made here, record by record, with the arithmetic of tlslite-ng.

    python3 Tests/Support/TLSConversations ECHO PLACE [WORDS]

ECHO is the program. PLACE is a directory with certificates as `psyne cert` makes them: an authority, a server
(localhost) and a client (client). WORDS: only the conversations that have them in their name.
"""

import contextlib
import sys

from tlslite.api import X509CertChain, parsePEMKey

from kinds import ALL
from servers import PLACES, Echo, OpenSSL, options
from talk import Ended, Talk, summary
import hellos, handshakes, sessions, tickets, older  # Each adds its conversations.

# Where we answer differently: how, and why that is right
EXPLAINED = {
    "extensions: of a number that we use within": (
        "alert 47",
        "By an extension of tickets, which is never sent, the library asks us before it sends one. It has no place in a hello",
    ),
    "data: a record again": ("alert 20", "What came before the forgery is handed over, and not answered any more"),
    "HTTP": ("alert 70", "Who speaks no TLS is told that this is TLS"),
    "zeros": ("alert 70", "Who speaks no TLS is told that this is TLS"),
    "data: cut off in the middle of a record": ("closed", "There is no alert for that"),
    "data: an end without a goodbye": ("echo, closed", "There is no alert for that"),
    "new keys: ours, 100 times": ("alert 0", "We let go after 32"),
    "new keys: both, 100 times": ("32 x new keys, alert 0", "We let go after 32"),
}


def converse(name, function, port, client):
    talk = Talk(client)
    try:
        function(talk, port) if hasattr(function, "wants_port") else function(talk.connect(port))
        outcome = summary(talk.seen) if name.startswith(("tlslite-ng", "TLS 1.2")) else talk.outcome()
    except Ended as end:
        outcome = summary(talk.seen + ([str(end)] if str(end) else []))
    except AssertionError as error:
        outcome = summary(talk.seen + [f"({error})"])
    talk.close()
    return outcome


class Client:
    """Who has a certificate."""

    def __init__(self, place):
        self.parsed = X509CertChain()
        self.parsed.parsePemList(open(f"{place}/client.pem").read())
        self.chain = [bytes(one.bytes) for one in self.parsed.x509List]
        self.key = parsePEMKey(open(f"{place}/client.key").read(), private=True)


def main():
    echo, place, *words = sys.argv[1:]
    client = Client(place)
    count = {"same": 0, "explained": 0, "DIFFERENT": 0}
    with contextlib.ExitStack() as stack:
        echoes = {where: stack.enter_context(Echo(echo, *options(where, place, True))) for where in PLACES}
        for name, where, function in ALL:
            if not all(word in name for word in words):
                continue
            ours = converse(name, function, echoes[where].port, client)
            # One each: it serves one after the other, and some do not end.
            with OpenSSL(*options(where, place, False)) as server:
                theirs = converse(name, function, server.port, client)
            expected, why = EXPLAINED.get(name, (None, ""))
            verdict = "same" if ours == theirs else "explained" if ours == expected else "DIFFERENT"
            count[verdict] += 1
            if verdict == "same":
                print(f"same: {name}: {ours}", flush=True)
            else:
                print(f"{verdict}: {name}: {ours}; OpenSSL: {theirs}. {why}", flush=True)
    # The echoes have outlived all of it, and ended well.
    found = ", ".join(f"{number} {verdict}" for verdict, number in count.items())
    print(f"{sum(count.values())} conversations: {found}")
    return 1 if count["DIFFERENT"] else 0


if __name__ == "__main__":
    sys.exit(main())
