import Psyne

/// Asks for root mean squares.
struct Client: ~Copyable {
  private var questions: Sender<FloatVector>
  private var answers: Receiver<FloatVector>

  /// Connects, and waits until the service is there. The ends keep the connection.
  init(_ uri: String) throws {
    let connection = try Connection<FloatVector>(uri)
    let sender = try connection.sender()
    let receiver = try connection.receiver()
    questions = sender
    answers = receiver
  }

  /// Sends a vector whose element `i` is `element(i)`, and waits for the answer to it.
  mutating func ask(count: Int, _ element: (Int) -> Float) throws -> Float {
    var question = try questions.reserve(count: count)
    for index in 0..<count { question[index] = element(index) }
    question.send()
    guard let answer = try answers.receive(), answer.count == 1 else { throw ChannelError.closed }
    return answer[0]
  }

  /// Waits until everything was read: the process may end then.
  mutating func finish() throws { try questions.drain() }
}

/// Asks `count` times, each time with another vector, and checks every answer.
///
/// - Parameter seed: clients with different ones ask for different things.
func askAndCheck(_ uri: String, seed: Int, count: Int) throws {
  var client = try Client(uri)
  for number in 0..<count {
    let length = 1 + (number * 7 + seed) % 1000
    let vector = (0..<length).map { Float(($0 * 31 + number * 17 + seed * 1009) % 2001 - 1000) }
    let answer = try client.ask(count: length) { vector[$0] }
    let expected = rootMeanSquare(vector.span)
    guard answer == expected else {
      throw WrongAnswer(client: seed, question: number, answer: answer, expected: expected)
    }
  }
  try client.finish()
}

/// An answer that belongs to another question, or to another client.
struct WrongAnswer: Error, CustomStringConvertible {
  let client, question: Int
  let answer, expected: Float

  var description: String {
    "client \(client) was answered \(answer) to question \(question), and \(expected) is right"
  }
}
