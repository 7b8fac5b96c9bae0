import Psyne

/// Takes jobs until there are no more. While it waits it uses no thread.
func work(on jobs: SPMCChannel<Job>) async throws -> [Int] {
  // Jobs take long, so it takes one at a time and leaves the others to whoever is free.
  var receiver = try jobs.receiver(share: 1)
  var done: [Int] = []
  while let job = try await receiver.next() {
    // After the death of a worker in another process, the job in its hands would come again, marked.
    if job.isRedelivery { print("job \(job.value.number) may have been done before") }
    done.append(job.value.number)
    await Task.yield()
  }
  return done
}
