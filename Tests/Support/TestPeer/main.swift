// The other process of the tests: `psyne-test-peer DIRECTORY [SCOREBOARD]` reads commands, a line
// each, and answers each with a line. Its channels are global: returning leaves them to the exit.
let session = try Session(arguments: CommandLine.arguments)
while let line = readLine() {
  let words = line.split(separator: " ").map(String.init)
  if words.first == "return" { break }
  answer(session.perform(words))
}
