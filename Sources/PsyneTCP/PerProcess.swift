internal import CPsyne
internal import Synchronization

/// An object of which each process has one of its own: a child made by `fork` makes another at first use,
/// since the threads and files of its parent's are not there, and nobody will let go of its locks.
final class PerProcess<Object: AnyObject & Sendable>: Sendable {
  private let make: @Sendable () -> Object
  /// The address of an ``Entry`` that is retained, or 0.
  private let entry = Atomic<UInt>(0)

  private final class Entry: Sendable {
    let generation = cpsyne_fork_generation()
    let object: Object

    init(_ object: Object) { self.object = object }
  }

  init(_ make: @escaping @Sendable () -> Object) { self.make = make }

  deinit {
    let address = entry.load(ordering: .acquiring)
    if let last = unsafe UnsafeRawPointer(bitPattern: address) {
      unsafe Unmanaged<Entry>.fromOpaque(last).release()
    }
  }

  /// That of this process.
  var object: Object {
    while true {
      // Acquire pairs with the release of the exchange: who sees the address sees the object.
      let current = entry.load(ordering: .acquiring)
      if let entry = Self.entry(at: current), entry.generation == cpsyne_fork_generation() {
        return entry.object
      }
      let fresh = Entry(make())
      let owned = unsafe Unmanaged.passRetained(fresh)
      let address = unsafe UInt(bitPattern: owned.toOpaque())
      // What a parent has left is not freed: freeing it could touch what the child does not have.
      let isOurs = entry.compareExchange(
        expected: current, desired: address, ordering: .acquiringAndReleasing
      ).exchanged
      if isOurs { return fresh.object }
      unsafe owned.release()  // another thread was faster
    }
  }

  private static func entry(at address: UInt) -> Entry? {
    unsafe UnsafeRawPointer(bitPattern: address).map {
      unsafe Unmanaged<Entry>.fromOpaque($0).takeUnretainedValue()
    }
  }
}
