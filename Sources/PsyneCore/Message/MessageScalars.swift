// The ids of the numbers: 256 + code for a vector, 512 + code for a matrix. The two that have an id
// below 256 are older than the others: Vector<Float> is 1, Matrix<Double> is 2.

/// The numbers whose ids this library has given out.
protocol LibraryScalar: MessageScalar {}

extension Int8: LibraryScalar {
  public static var vectorType: MessageType { 257 }
  public static var matrixType: MessageType { 513 }
}

extension UInt8: LibraryScalar {
  public static var vectorType: MessageType { 258 }
  public static var matrixType: MessageType { 514 }
}

extension Int16: LibraryScalar {
  public static var vectorType: MessageType { 259 }
  public static var matrixType: MessageType { 515 }
}

extension UInt16: LibraryScalar {
  public static var vectorType: MessageType { 260 }
  public static var matrixType: MessageType { 516 }
}

extension Int32: LibraryScalar {
  public static var vectorType: MessageType { 261 }
  public static var matrixType: MessageType { 517 }
}

extension UInt32: LibraryScalar {
  public static var vectorType: MessageType { 262 }
  public static var matrixType: MessageType { 518 }
}

extension Int64: LibraryScalar {
  public static var vectorType: MessageType { 263 }
  public static var matrixType: MessageType { 519 }
}

extension UInt64: LibraryScalar {
  public static var vectorType: MessageType { 264 }
  public static var matrixType: MessageType { 520 }
}

extension Float: LibraryScalar {
  public static var vectorType: MessageType { .floatVector }
  public static var matrixType: MessageType { 521 }
}

extension Double: LibraryScalar {
  public static var vectorType: MessageType { 266 }
  public static var matrixType: MessageType { .doubleMatrix }
}
