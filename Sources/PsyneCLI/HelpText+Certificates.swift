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

    Who is to be let in no more, with a key that was stolen for instance, comes
    on a list that the listener is given:

      psyne cert revoke laptop.pem              crl.pem
      psyne recv --listen 'tls://0.0.0.0:9999?crl=crl.pem' --ca ca.pem ...

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

  static let certRevoke = """
    Puts certificates of the authority on its list, crl.pem beside ca.pem, which
    is made if it is not there, and prints the list's name. What is on the list
    stays on it. Give it to those that are not to accept them:

      psyne cert revoke laptop.pem
      psyne recv --listen 'tls://0.0.0.0:9999?crl=crl.pem' --ca ca.pem ...

    They read it again when it has changed. Connections that are there stay. A
    list whose time is over (--days) lets nobody in: 'psyne cert revoke' alone
    makes it begin anew.
    """
}
