internal import CodecFuzz
internal import Glibc

/// What the fuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func runInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  CodecFuzz.run(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// What the fuzzer calls first: writes what an honest encoder says where the environment variable `SEEDS`
/// says.
@_cdecl("LLVMFuzzerInitialize")
public func writeSeeds(
  _ count: UnsafePointer<CInt>?, _ arguments: UnsafeRawPointer?
) -> CInt {
  guard let folder = unsafe getenv("SEEDS") else { return 0 }
  for (name, input) in CodecFuzz.seeds() {
    let path = unsafe "\(String(cString: folder))/\(name)"
    guard let file = unsafe fopen(path, "w") else { return 1 }
    defer { unsafe fclose(file) }
    guard unsafe fwrite(input, 1, input.count, file) == input.count else { return 1 }
  }
  return 0
}
