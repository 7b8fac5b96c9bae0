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
}

/// Rows and columns, as they stand before a matrix's elements.
@frozen
public struct MatrixShape: BitwiseCopyable {
  let rows: UInt32
  let columns: UInt32
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
public protocol ResizableBody: MessageBody where Prefix == NoPrefix {}

/// Bodies of rows and columns: ``Matrix``.
public protocol ShapedBody: MessageBody where Element: MessageScalar, Prefix == MatrixShape {}

/// The bodies whose ids this library has given out.
protocol LibraryBody {}

extension Vector: LibraryBody where Element: LibraryScalar {}
extension Matrix: LibraryBody where Scalar: LibraryScalar {}
extension Bytes: LibraryBody {}
extension Text: LibraryBody {}
extension Mixed: LibraryBody {}
