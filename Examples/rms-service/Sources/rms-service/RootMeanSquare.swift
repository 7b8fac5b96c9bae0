import Psyne

/// The root of the mean of the squares; 0 of nothing. In doubles: the result does not depend on how long
/// the vector is.
func rootMeanSquare(_ vector: Span<Float>) -> Float {
  var squares = 0.0
  for index in vector.indices { squares += Double(vector[index]) * Double(vector[index]) }
  return Float((squares / Double(max(1, vector.count))).squareRoot())
}
