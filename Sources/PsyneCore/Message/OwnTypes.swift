// Whether a type's id is its to use, where no header of a channel was compared: on a mixed channel.

extension MessageBody {
  /// False for a body of a program's own that has an id of this library's. Known to the compiler: a
  /// message pays nothing for it.
  @inlinable @inline(__always)
  static var hasItsOwnType: Bool {
    messageType.rawValue >= MessageType.firstUserType.rawValue || isOfLibrary
  }

  /// Says the same as ``LibraryBody``, which can only be asked at run time.
  @inlinable @inline(__always)
  static var isOfLibrary: Bool {
    Self.self == Bytes.self || Self.self == Text.self || Self.self == Mixed.self
      || isOfScalar(Float.self) || isOfScalar(Double.self)
      || isOfScalar(Int8.self) || isOfScalar(UInt8.self)
      || isOfScalar(Int16.self) || isOfScalar(UInt16.self)
      || isOfScalar(Int32.self) || isOfScalar(UInt32.self)
      || isOfScalar(Int64.self) || isOfScalar(UInt64.self)
  }

  @inlinable @inline(__always)
  static func isOfScalar<Scalar: MessageScalar>(_: Scalar.Type) -> Bool {
    Self.self == Vector<Scalar>.self || Self.self == Matrix<Scalar>.self
  }
}
