internal import Psyne

extension MessageFormat {
  /// What the messages are, in a word: the type's name, or the id of a program's own.
  var label: String {
    if let name = Self.names[type] { return name }
    guard type.rawValue < MessageType.firstUserType.rawValue else {
      return "type \(type), \(elementSize) B"
    }
    return "type \(type)"
  }

  private static let names: [MessageType: String] = {
    var names: [MessageType: String] = [
      .mixed: "mixed", .bytes: "bytes", .text: "text", FloatVector.messageType: "floats",
      Matrix<Float>.messageType: "matrix of Float", DoubleMatrix.messageType: "matrix of Double",
    ]
    func add<Scalar: MessageScalar>(_ scalar: Scalar.Type) {
      names[Vector<Scalar>.messageType] = "vector of \(scalar)"
      names[Matrix<Scalar>.messageType] = "matrix of \(scalar)"
    }
    add(Int8.self)
    add(UInt8.self)
    add(Int16.self)
    add(UInt16.self)
    add(Int32.self)
    add(UInt32.self)
    add(Int64.self)
    add(UInt64.self)
    add(Double.self)
    return names
  }()
}
