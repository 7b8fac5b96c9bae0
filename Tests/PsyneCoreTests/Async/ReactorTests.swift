import Testing

/// One after another, because they share a reactor a tier and count its waits.
@Suite("Reactor", .serialized)
enum ReactorTests {}
