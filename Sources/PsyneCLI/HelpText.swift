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
    channel is gone when both have ended; if all were killed, it stays until
    somebody opens the name again, or removes /dev/shm/psyne.NAME.

    'psyne stat' shows the channels there are and what goes through them, 'psyne
    demo' shows it at work, 'psyne help send' and 'psyne help recv' say more.

    \(addresses)

    \(exitStatus)
    """

  static let addresses = """
    ADDRESSES
      ipc://NAME[?OPTION=VALUE&...]   or just   NAME[?OPTION=VALUE&...]

      NAME  1 to 200 letters, digits, '.', '_' and '-', the first no dot. Every
            process of the same user on this machine can open it, nobody else
            unless mode= says so.

      capacity=SIZE   how much a sender can be ahead before it has to wait: a
                      number with B, KiB, MiB, GiB, kB, MB or GB, rounded up to a
                      power of two. Whoever comes first decides: 4MiB if nothing
                      is said, 1MiB of a broadcast.
      producers=N     the most senders, consumers=N the most receivers: 1 to 63,
                      8 if nothing is said
      wait=HOW        adaptive, spin, yield or park: what to do while waiting
      full=WHAT       what to do when the channel is full: wait, fail, drop the
                      message, or a time to wait for at most, as 100ms
      slow=WHAT       what a broadcast does about receivers that do not keep up:
                      block, lose their oldest messages, or evict them
      mode=0660       who may open it, owner=USER and group=GROUP whose it is
      hugepages=HOW   yes, try or no;   numa=NODE or try-NODE: where it lies
    """

  static let kinds = """
    KINDS
      spsc       one sender, one receiver
      mpsc       several senders, one receiver
      spmc       one sender, several receivers: each message goes to one of them
      mpmc       several of both: each message goes to one receiver
      broadcast  one sender, several receivers: each message goes to all of those
                 that were there when it was sent
    """

  static let exitStatus = """
    EXIT STATUS
       0  all was sent and received; recv: or the reader of its output is gone
       1  failure: the two sides differ in kind, type, capacity or number, the file
          is no channel or a damaged one, the input is not of its type, or
          messages of a broadcast were lost
      64  usage: an argument or the address is wrong
      66  an input file is missing or cannot be opened; stat: no such channel
      69  the other side died or left too early, went on without us, or other
          processes have all the ends of our kind
      73  the output file cannot be created, or /dev/shm has no room
      74  reading or writing a file failed
      75  the other side did nothing for as long as --timeout or full= says, the
          channel was full and full=fail, or a stopped process blocks it
      77  the channel's file is somebody else's, of another mode or group, no
          regular file, or may not be created
      129, 130, 143  ended by hang-up, by Ctrl-C (SIGINT), by SIGTERM
    """

  static let send = """
    Sends the FILEs one after the other, or standard input where there are none;
    '-' among them is standard input too. Waits for a receiver, and ends when that
    has read everything.

      psyne send ipc://backup disk.img
      tar c src | psyne send src --timeout 30s
      psyne send samples --type floats --message-size 4KiB recording.f32
      psyne send jobs --type text --kind spmc --consumers 4 list.txt
      tail -f /var/log/syslog | psyne send log --type text

    MESSAGES
      bytes   pieces of the input
      floats  pieces of whole 32-bit floats, as they lie in memory (little-endian)
      text    one message for each line, without its end; UTF-8

      A piece is what the input has ready, at most 64 KiB: what comes down a pipe
      goes on at once. With --message-size every piece is exactly so long, but for
      the last of a file.

    \(kinds)

    \(addresses)

    \(exitStatus)
    """

  static let recv = """
    Writes what a sender sends to standard output or a file, until the sender is
    done. Waits for a sender if there is none yet.

      psyne recv ipc://backup -o copy.img
      psyne recv src | tar x
      psyne recv log --type text --count 10
      psyne recv jobs --type text --kind spmc --consumers 4

    If the sender dies, all that it had sent is written, and the exit status is 69:
    half an output never passes for a whole one. With several senders it goes on
    with the others first, and it ends when the last one is done. Both sides have to
    say the same --type and --kind.

    \(kinds)

    \(addresses)

    \(exitStatus)
    """

  static let stat = """
    Shows a channel without having a part in it: its kind, its type, the processes
    that have it open, and what its senders and receivers have counted. Without a
    URI, one line for each channel there is.

      psyne stat
      psyne stat ipc://backup
      psyne stat backup --watch 1
      psyne stat backup --json

    full waits    how often a sender found no room, and waited
    drops         messages not sent, because full=drop
    empty waits   how often a receiver found nothing, and waited
    redeliveries  messages received again, after the death of who had them first
    lost          messages of a broadcast that a slow receiver missed
    most unread   the most that a receiver found waiting for it

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
