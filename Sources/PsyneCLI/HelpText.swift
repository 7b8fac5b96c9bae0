/// What `--help` says beyond the list of options. The manual, docs/cli.md, says the same at length.
enum HelpText {
  static let overview = """
    One process sends, another receives; the bytes pass through a file in /dev/shm that both have \
    mapped, and are written and read in place. In two terminals:

      psyne recv ipc://backup -o copy.img
      psyne send ipc://backup disk.img

    The order does not matter: whoever comes first creates the channel and waits. It is gone from \
    /dev/shm when both have ended.

    Try 'psyne demo' to see it at work, and 'psyne help send' or 'psyne help recv' for more.

    \(addresses)

    \(exitStatus)
    """

  static let addresses = """
    ADDRESSES
      ipc://NAME[?capacity=SIZE]   or NAME alone

      NAME is 1 to 200 letters, digits, '.', '_' and '-', and does not begin with a dot. Any process \
    of the same user on this machine can open it; nobody else can. SIZE is a number with B, KiB, \
    MiB, GiB (or kB, MB, GB): what the channel holds before the sender has to wait, rounded up to a \
    power of two. The first to open a channel decides; 4MiB if it does not say.
    """

  static let exitStatus = """
    EXIT STATUS
      0    everything was sent and received; or the reader of our output went away
      1    failure: both sides disagree about the type or capacity, or the channel is corrupt, or \
    the input is not of its type
      64   usage: an argument or the address is wrong
      66   an input file is missing or cannot be read
      69   the other side died or left too early, or the end of the channel is in use
      73   the output file or the channel cannot be created
      74   reading or writing a file failed
      75   the time of --timeout passed
      77   the channel's file belongs to somebody else or is no channel of ours
      129, 130, 143   ended by a hang-up, by Ctrl-C (SIGINT), by SIGTERM
    """

  static let send = """
    Sends the FILEs one after the other, or standard input if there is none ('-' is standard input \
    too). Waits for a receiver, and ends when it has read everything.

    EXAMPLES
      psyne send ipc://backup disk.img
      tar c src | psyne send src --timeout 30s
      psyne send samples --type floats --message-size 4KiB recording.f32
      tail -f /var/log/syslog | psyne send log --type text

    MESSAGES
      bytes    pieces of the input, of any length
      floats   32-bit floats as they lie in memory (little-endian); pieces are whole floats
      text     one message a line, without its end; UTF-8

      Without --message-size a piece is what the input had ready, at most 64 KiB, so that what comes \
    from a pipe goes on at once. With it, every piece is exactly so long, but for the last of a file.

    \(addresses)

    \(exitStatus)
    """

  static let recv = """
    Writes what a sender sends to standard output or a file, until the sender has closed. Waits for \
    a sender if there is none yet.

    EXAMPLES
      psyne recv ipc://backup -o copy.img
      psyne recv src | tar x
      psyne recv log --type text --count 10

    If the sender dies, everything it had sent before is written, and the exit status is 69: an \
    incomplete output never looks like a complete one. The same --type has to be said on both sides.

    \(addresses)

    \(exitStatus)
    """

  static let demo = """
    Runs both sides of a channel as processes of their own and checks everything that arrives:

      1. streams real files, of 256 MiB at least, from one process to another and compares the \
    SHA-256 of both sides;
      2. has a producer send vectors of 1,024 floats that a consumer adds up, as fast as they can;
      3. measures round trips of such vectors: with both sides awake, and with the other one asleep.

    Without FILE it takes the binaries of the Swift toolchain that is in PATH, or what lies under \
    /usr/lib. The exit status is 0 if nothing differed.
    """
}
