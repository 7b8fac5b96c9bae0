/// Any number of elements, from none to the whole lane less one header.
public enum Vector<Element: MessageElement>: ResizableBody {
  @inlinable
  public static var messageType: MessageType { Element.vectorType }
}

/// 32-bit floats: samples, activations, point clouds.
public typealias FloatVector = Vector<Float>

/// Rows and columns of numbers, row after row. Its shape travels with it, in 8 bytes.
public enum Matrix<Scalar: MessageScalar>: ShapedBody {
  public typealias Element = Scalar

  @inlinable
  public static var messageType: MessageType { Scalar.matrixType }

  /// `u32` rows, `u32` columns.
  @inlinable
  public static var prefixBytes: Int { 8 }
}

public typealias DoubleMatrix = Matrix<Double>

/// Bytes that mean nothing to Psyne.
public enum Bytes: ResizableBody {
  public typealias Element = UInt8

  @inlinable
  public static var messageType: MessageType { .bytes }
}

/// UTF-8 text.
public enum Text: ResizableBody {
  public typealias Element = UInt8

  @inlinable
  public static var messageType: MessageType { .text }
}

/// A channel that carries messages of several types. Each costs 8 bytes more than its payload, and
/// the reader switches on ``Message/type``.
public enum Mixed: MessageBody {
  public typealias Element = UInt8

  @inlinable
  public static var messageType: MessageType { .mixed }
}

/// Bodies that are a plain run of elements, so that a message may end shorter than it was reserved.
public protocol ResizableBody: MessageBody {}

/// Bodies of rows and columns: ``Matrix``.
public protocol ShapedBody: MessageBody where Element: MessageScalar {}
