"""Kinds of conversations: each has a name, which server it wants, and what it says."""

from talk import *

ALL = []


def said(name, where="1.3"):
    def add(function):
        ALL.append((name, where, function))
        return function

    return add


def hello(name, where="1.3", goes_on=True, **changes):
    """A hello with changes, and a whole connection if it is taken."""

    def run(talk):
        made = {key: value(talk) if callable(value) else value for key, value in changes.items()}
        talk.shake(talk.hello(**made))
        if goes_on:
            talk.echo()
            talk.goodbye()

    ALL.append((name, where, run))


def later(name, kind, data, where="1.3", then=True, **how):
    """A record when the handshake is over, and a line behind it."""

    def run(talk):
        talk.shake()
        talk.send(kind, data, **how)
        if then:
            talk.echo()

    ALL.append((name, where, run))


def instead(name, *records, where="1.3"):
    """Plain records where a hello is expected: pairs of a kind and bytes, or bytes as they are."""

    def run(talk):
        for one in records:
            talk.raw(one) if isinstance(one, bytes) else talk.plain(*one)

    ALL.append((name, where, run))
