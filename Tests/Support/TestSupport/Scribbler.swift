internal import Glibc

/// A segment's file, mapped to be scribbled on while others use it.
@safe
public final class Scribbler: @unchecked Sendable {
  // Unchecked: constants.
  private let base: UnsafeMutableRawPointer
  public let count: Int

  public init(path: String) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemCallError("fstat \(path)") }
    count = status.st_size
    let mapped = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw SystemCallError("mmap \(path)")
    }
    unsafe base = mapped
  }

  deinit { unsafe munmap(base, count) }

  public func put<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<Word>.size <= count, "beyond the file")
    unsafe base.storeBytes(of: word, toByteOffset: offset, as: Word.self)
  }

  public func get<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int)
    -> Word
  {
    precondition(offset >= 0 && offset + MemoryLayout<Word>.size <= count, "beyond the file")
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: Word.self)
  }
}
