/// What `--help` says beyond the list of options. The manual, docs/cli.md, says more.
///
/// Lines have at most 78 characters: the argument parser would break longer ones without indenting.
enum HelpText {
  static let overview = """
    One process sends, another receives. The bytes pass through a file in /dev/shm
    that both have mapped; no copy is made on the way. In two terminals:

      psyne recv ipc://backup -o copy.img
      psyne send ipc://backup disk.img

    Either may start first: it creates the channel and waits for the other. The
    channel is gone when both have ended, however they end.

    'psyne demo' shows it at work, 'psyne help send' and 'psyne help recv' say more.

    \(addresses)

    \(exitStatus)
    """

  static let addresses = """
    ADDRESSES
      ipc://NAME[?capacity=SIZE]   or just   NAME[?capacity=SIZE]

      NAME  1 to 200 letters, digits, '.', '_' and '-', the first no dot. Every
            process of the same user on this machine can open it, nobody else.
      SIZE  how much the channel holds before the sender has to wait: a number
            with B, KiB, MiB, GiB, kB, MB or GB, rounded up to a power of two.
            Whoever comes first decides: 4MiB if nothing is said.
    """

  static let exitStatus = """
    EXIT STATUS
       0  all was sent and received; recv: or the reader of its output is gone
       1  failure: the two sides differ in type or capacity, the channel is
          corrupt, or the input is not of its type
      64  usage: an argument or the address is wrong
      66  an input file is missing or cannot be opened
      69  the other side died or left too early, or another process has our end
      73  the output file, or the channel in /dev/shm, cannot be created
      74  reading or writing a file failed
      75  the other side did nothing for as long as --timeout says
      77  the channel's file is somebody else's, or no channel
      129, 130, 143  ended by hang-up, by Ctrl-C (SIGINT), by SIGTERM
    """

  static let send = """
    Sends the FILEs one after the other, or standard input where there are none;
    '-' among them is standard input too. Waits for a receiver, and ends when that
    has read everything.

      psyne send ipc://backup disk.img
      tar c src | psyne send src --timeout 30s
      psyne send samples --type floats --message-size 4KiB recording.f32
      tail -f /var/log/syslog | psyne send log --type text

    MESSAGES
      bytes   pieces of the input
      floats  pieces of whole 32-bit floats, as they lie in memory (little-endian)
      text    one message for each line, without its end; UTF-8

      A piece is what the input has ready, at most 64 KiB: what comes down a pipe
      goes on at once. With --message-size every piece is exactly so long, but for
      the last of a file.

    \(addresses)

    \(exitStatus)
    """

  static let recv = """
    Writes what a sender sends to standard output or a file, until the sender is
    done. Waits for a sender if there is none yet.

      psyne recv ipc://backup -o copy.img
      psyne recv src | tar x
      psyne recv log --type text --count 10

    If the sender dies, all that it had sent is written, and the exit status is 69:
    half an output never passes for a whole one. Both sides have to say the same
    --type.

    \(addresses)

    \(exitStatus)
    """

  static let demo = """
    Runs both sides of a channel as processes of their own, and checks all that
    arrives:

      1. streams real files, 256 MiB or more, from one process to another, and
         compares the SHA-256 of both sides;
      2. lets a producer send vectors of 1,024 floats, and a consumer add them up,
         as fast as they can;
      3. measures round trips of such vectors: both sides awake, and one asleep.

    Without a FILE it takes the binaries of the Swift toolchain that is in PATH, or
    what lies under /usr/lib. The exit status is 0 if nothing differed.
    """
}
