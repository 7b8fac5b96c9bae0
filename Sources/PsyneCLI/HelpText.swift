/// What `--help` says beyond the list of options. The manual, docs/cli.md, says more.
///
/// Lines have at most 79 characters: the argument parser would break longer ones without indenting.
enum HelpText {
  static let overview = """
    One process sends, another receives. The bytes pass through a file in /dev/shm
    that both have mapped; no copy is made on the way. In two terminals:

      psyne recv ipc://backup -o copy.img
      psyne send ipc://backup disk.img

    Either may start first: it creates the channel and waits for the other. The
    channel is gone when both have ended; if all were killed, it stays until
    somebody opens the name again, or removes /dev/shm/psyne.NAME.

    Between hosts, one side listens and the other connects:

      psyne recv --listen tcp://0.0.0.0:9999 -o copy.img
      psyne send --connect tcp://that-host:9999 disk.img

    Over tls:// it is encrypted, and each side knows who the other is, with
    certificates that 'psyne cert' makes: 'psyne help cert'.

    'psyne stat' shows the channels there are and what goes through them, 'psyne
    demo' shows it at work, 'psyne help send' and 'psyne help recv' say more.

    \(addresses)

    \(exitStatus)
    """

  static let addresses = """
    ADDRESSES
      ipc://NAME[?OPTION=VALUE&...]   or just   NAME[?OPTION=VALUE&...]

      tcp://HOST:PORT[?OPTION=VALUE&...]   with --listen or --connect
      tls://HOST:PORT[?OPTION=VALUE&...]   the same, encrypted
      lz4+tcp://..., lz4+tls://...         the same, compressed

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

      HOST  a name, 10.0.0.7 or [fd00::7]; to listen everywhere 0.0.0.0 or [::]
      PORT  1 to 65535; to listen, 0 too: one that is free, which is then printed

      capacity=SIZE   as above: 1MiB if nothing is said, and the same on both sides
      resume=TIME     how long a broken connection is waited for: 30s
      wait, full, hugepages and numa are as above; docs/options.md has the others
      ca=FILE, cert=FILE, key=FILE, allow=NAMES, token=FILE   of tls://, as the
                      options --ca, --cert, --key, --allow and --token
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

  static let meeting = """
    LISTENING AND CONNECTING
      With --listen one side waits at an address, over ipc:// or tcp://, and any
      number of others come to it with --connect, in any order: who connects
      waits for the listener, --timeout at most. A connection that breaks is
      restored where it was; standard error tells. A side that was killed, and
      one whose host is cut off, count as dead after 30 seconds (resume=), which
      is status 69. If it was started again instead, that is 69 at once: two
      halves are no whole.

      Over tls:// who listens has a --cert and a --key, and who connects a --ca,
      the authority that it trusts. A listener with a --ca lets in those alone
      that have a certificate of it, and tells who they are. 'psyne cert' makes
      certificates.
    """

  static let exitStatus = """
    EXIT STATUS
       0  all was sent and received; recv: or the reader of its output is gone
       1  failure: the two sides differ in kind, type, capacity or number, or one
          does not trust the other; the file is no channel or a damaged one, the
          input is not of its type, or messages of a broadcast were lost
      64  usage: an argument, the address, or a certificate that it names is wrong
      66  an input file is missing or cannot be opened; stat: no such channel
      68  nobody knows the host of the address
      69  the other side died, left too early, was started again or went on without
          us, or other processes have all the ends of our kind, or the port
      73  the output file cannot be created, or /dev/shm has no room; cert: the
          files are there already
      74  reading or writing a file failed
      75  the other side did nothing for as long as --timeout or full= says, nobody
          came or listens, the channel was full and full=fail, or a stopped process
          blocks it
      77  the channel's file is somebody else's, of another mode or group, no
          regular file, or may not be created; or a key may not be read
      129, 130, 131, 143  ended by SIGHUP, SIGINT (Ctrl-C), SIGQUIT, SIGTERM
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
      psyne send --connect tcp://backup-host:9999 disk.img
      psyne send --listen --to all --receivers 3 tcp://0.0.0.0:9999 image.iso

    MESSAGES
      bytes   pieces of the input
      floats  pieces of whole 32-bit floats, as they lie in memory (little-endian)
      text    one message for each line, without its end; UTF-8

      A piece is what the input has ready, at most 64 KiB: what comes down a pipe
      goes on at once. With --message-size every piece is exactly so long, but for
      the last of a file.

    \(meeting)
      A sender that listens begins with the first receiver, or with so many as
      --receivers says. Others may come later. Each message goes to the one that
      has the least to read (--to free), or to all that are there (--to all).

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
      psyne recv --listen tcp://0.0.0.0:9999 -o copy.img

    If the sender dies, all that it had sent is written, and the exit status is
    69: half an output never passes for a whole one. With several senders it goes
    on with the others first, and it ends when the last one is done. Both sides
    have to say the same --type and --kind.

    \(meeting)
      A receiver that listens takes what all senders send, the messages of each
      in order, and ends when all that came are gone. With --keep it goes on with
      those that come next, until --count, --timeout or a signal ends it.

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
      3. measures round trips of such vectors: both sides awake, and one asleep;
      4. streams the files again over TCP, on loopback;
      5. measures round trips to a server over TCP;
      6. sends telemetry and vectors over a slow wire, as they are and compressed,
         and tells how many times as much arrives.

    Without a FILE it takes the binaries of the Swift toolchain that is in PATH, or
    what lies under /usr/lib. The exit status is 0 if nothing differed.

    The slow wire lies between two network namespaces, with 'tc' at both ends. Who
    may not make those gets a relay on loopback that lets no more through. With
    --wan there is nothing but the slow wire:

      psyne demo --wan --rate 5mbit
    """
}
