/// Brings lanes about: decides where they live and who moves their bytes.
///
/// - ``open(_:kind:format:options:)`` gives every party that names the same address the same lanes;
///   whoever comes first creates it.
/// - It throws ``TransportError/Code/mismatch`` where the channel exists with another kind or format,
///   or with another capacity or number of ends than an explicit one.
/// - It never destroys a channel that another living party has open.
public protocol Transport: Sendable {
  /// The scheme of its addresses, in lower case.
  var scheme: String { get }
  /// The names of the options it understands: those of ``ChannelOptions``, which it is given parsed, and
  /// its own, which it reads from the address.
  var optionNames: [String] { get }

  func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet

  /// Lets others connect at `address`.
  ///
  /// - Parameters:
  ///   - options: as of ``open(_:kind:format:options:)``.
  ///   - accept: is called for each connection, on whichever thread it is made; one that it does not
  ///     take is ended.
  /// - Throws: ``TransportError/Code/inUse`` if somebody listens there already;
  ///   ``TransportError/Code/invalidAddress`` where a transport has channels alone, as by default.
  func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace

  /// Connects to whoever listens at `address`, and waits until that is done, for as long as
  /// ``ChannelOptions/connectTimeout`` says. Blocks.
  ///
  /// - Throws: ``TransportError/Code/notFound`` if nobody listens, ``TransportError/Code/mismatch`` if who
  ///   does carries other messages or does not take us; as by default
  ///   ``TransportError/Code/invalidAddress``.
  func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier
}

extension Transport {
  public func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace {
    throw TransportError(
      .invalidAddress, "nobody can listen at '\(address)': \(scheme) has channels alone; open one")
  }

  public func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    throw TransportError(
      .invalidAddress,
      "nobody can connect to '\(address)': \(scheme) has channels alone; open one")
  }
}
