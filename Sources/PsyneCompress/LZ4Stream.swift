internal import CLZ4

/// LZ4's own state of a compressor: tables of where in the history what lies.
///
/// Safe because it refers to nothing but the window that each call is given, and that each call is given the
/// same one is up to its owner, ``Compressor``.
@safe
struct LZ4Stream: ~Copyable {
  @safe
  private enum State {
    case fast(UnsafeMutablePointer<LZ4_stream_t>)
    case high(UnsafeMutablePointer<LZ4_streamHC_t>, level: Int32)
  }
  private let state: State

  init(_ level: LZ4Level) {
    if let number = level.number {
      guard let stream = unsafe LZ4_createStreamHC() else {
        fatalError("there is no memory for a compressor")
      }
      let level = Int32(min(max(number, 1), 12))
      // Or loading a history would bring back LZ4's own default.
      unsafe LZ4_resetStreamHC_fast(stream, level)
      state = unsafe .high(stream, level: level)
    } else {
      guard let stream = unsafe LZ4_createStream() else {
        fatalError("there is no memory for a compressor")
      }
      state = unsafe .fast(stream)
    }
  }

  deinit {
    switch state {
    case .fast(let stream): unsafe _ = LZ4_freeStream(stream)
    case .high(let stream, _): unsafe _ = LZ4_freeStreamHC(stream)
    }
  }

  /// Bytes that a block of so many can become at most.
  static func bound(_ count: Int) -> Int { Int(LZ4_compressBound(Int32(count))) }

  /// Forgets everything, and learns the window's history. Takes about half as long as compressing it.
  func load(_ window: borrowing Window) {
    unsafe window.start.withMemoryRebound(to: CChar.self, capacity: window.history) { start in
      switch state {
      case .fast(let stream): unsafe _ = LZ4_loadDict(stream, start, Int32(window.history))
      case .high(let stream, let level):
        unsafe LZ4_resetStreamHC_fast(stream, level)
        unsafe _ = LZ4_loadDictHC(stream, start, Int32(window.history))
      }
    }
  }

  /// Compresses the `count` bytes behind the window's history, which it knows. They are history for it from
  /// then on.
  ///
  /// - Parameter room: at least ``bound(_:)`` of them: LZ4 then is faster, and cannot fail for want of room,
  ///   which would leave its state undefined.
  /// - Returns: how many bytes they have become; 0 if LZ4 has failed, which it then does for want of memory.
  func compress(
    _ window: borrowing Window, count: Int, into room: UnsafeMutableBufferPointer<CChar>
  ) -> Int {
    let (source, target) = unsafe (UnsafeRawPointer(window.next), room.baseAddress)
    let (bytes, limit) = (Int32(count), Int32(room.count))
    let made = unsafe source.withMemoryRebound(to: CChar.self, capacity: count) { source in
      switch state {
      case .fast(let stream):
        unsafe LZ4_compress_fast_continue(stream, source, target, bytes, limit, 1)
      case .high(let stream, _):
        unsafe LZ4_compress_HC_continue(stream, source, target, bytes, limit)
      }
    }
    return Int(max(0, made))
  }

  /// Moves the history, all of which it knows, to the beginning of its window.
  ///
  /// - Returns: false if it knew less: nothing may then be taken as moved.
  func moveHistory(of window: borrowing Window) -> Bool {
    let count = Int32(window.history)
    return unsafe window.base.withMemoryRebound(to: CChar.self, capacity: window.history) { base in
      switch state {
      case .fast(let stream): unsafe LZ4_saveDict(stream, base, count) == count
      case .high(let stream, _): unsafe LZ4_saveDictHC(stream, base, count) == count
      }
    }
  }
}
