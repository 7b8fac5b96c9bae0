extension HelpText {
  static let cert = """
    An authority vouches for certificates; whoever trusts it knows by them who is
    at the other end of a connection. The authority's key stays where it is made.
    Who listens gets a certificate for the host that others connect to:

      psyne cert authority home                 ca.pem, ca.key
      psyne cert server there.example           there.example.pem, .key

    and is reached by all that have ca.pem:

      psyne recv --listen tls://0.0.0.0:9999 -o copy.img \\
        --cert there.example.pem --key there.example.key
      psyne send --connect tls://there.example:9999 --ca ca.pem disk.img

    With --ca ca.pem the listener lets in those alone that have one too:

      psyne cert client laptop                  laptop.pem, laptop.key
      psyne send --connect tls://there.example:9999 --ca ca.pem \\
        --cert laptop.pem --key laptop.key disk.img

    Keys are written so that their owner alone can read them, and are not
    encrypted: whoever has one is who it says. Files that are there are not
    replaced, unless --force says so.
    """

  static let certAuthority = """
    Whoever has ca.key can give out certificates that all who trust ca.pem
    believe. With --force, those given out before are worth nothing any more.

      psyne cert authority home --days 1000
    """

  static let certServer = """
    For a process that listens, at all the HOSTs. A name can begin with '*.'.
    Prints the names of the files that it has written.

      psyne cert server there.example 10.0.0.7
    """

  static let certClient = """
    For a process that connects to a listener which has --ca. Prints the names of
    the files that it has written.

      psyne cert client laptop
      psyne cert client robot-7 --name spiffe://example/robot/7
    """
}
