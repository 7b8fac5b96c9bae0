internal import CPsyne
internal import PsyneCore
internal import PsyneTCP
internal import Synchronization

/// Makes encrypted streams of sockets.
struct TLSMaker: StreamMaker {
  let options: TLSOptions
  let hooks: TLSHooks
  let contexts: TLSContexts
  /// Those of an address, once there is one.
  private var context: TLSContext?
  private var tokens: [TLSToken] = []
  /// Of a connector: whom it wants to reach.
  private var host: String?

  init(_ options: TLSOptions, _ hooks: TLSHooks, _ contexts: TLSContexts) {
    self.options = options
    self.hooks = hooks
    self.contexts = contexts
  }

  var optionNames: [String] { TLSOptions.names }

  func merging(
    _ address: ChannelAddress, host: String, listens: Bool
  ) throws(TransportError) -> TLSMaker {
    var copy = self
    let options = try options.merging(address)
    let context = try TLSContext(listens ? .listener : .connector, options, hooks: hooks)
    contexts.add(context)
    copy.context = context
    copy.tokens = hooks.tokens
    if let file = options.token { copy.tokens = [try TLSToken(file: file)] }
    copy.host = listens ? nil : host
    return copy
  }

  func stream(over socket: Socket) throws(TransportError) -> any ByteStream {
    guard let context else { preconditionFailure("an address comes before its sockets") }
    contexts.refresh(context)
    return TLSStream(try context.session(host: host), over: socket, tokens: tokens)
  }
}

/// The contexts of a transport's addresses, for as long as they are in use.
final class TLSContexts: Sendable {
  private struct Entry {
    weak var context: TLSContext?
    /// When its files are looked at again.
    var looksAt: Int64
  }
  private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

  /// Files are looked at no sooner than so many nanoseconds after the last time.
  private static let pause: Int64 = 1_000_000_000

  func add(_ context: TLSContext) {
    entries.withLock { entries in
      entries = entries.filter { $0.value.context != nil }
      entries[ObjectIdentifier(context)] = Entry(
        context: context, looksAt: cpsyne_monotonic_ns() + Self.pause)
    }
  }

  /// Reads what has changed, if it is time to look. What cannot be read is reported, and the old is used.
  /// Blocks for as long as the disk does, and asks for passphrases.
  func refresh(_ context: TLSContext) {
    let now = cpsyne_monotonic_ns()
    let isDue = entries.withLock { entries in
      guard let entry = entries[ObjectIdentifier(context)], now >= entry.looksAt else {
        return false
      }
      entries[ObjectIdentifier(context)]?.looksAt = now + Self.pause
      return true
    }
    guard isDue else { return }
    do throws(TransportError) {
      try context.reloadIfChanged()
    } catch {
      Diagnostics.report(
        Diagnostic(.notReloaded, "certificates were not read again: \(error.message)"))
    }
  }

  /// - Throws: the first error, once all were tried.
  func reload() throws(TransportError) {
    let contexts = entries.withLock { $0.values.compactMap(\.context) }
    var failure: TransportError?
    for context in contexts {
      do throws(TransportError) { try context.reload() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }
}
