import Foundation
import Glibc
import Synchronization
import Testing

@testable import EgressAgent

/// Services that block.
@Suite(.timeLimit(.minutes(1))) struct ThreadServiceTests {
  /// What a thread finds of itself.
  private struct Findings {
    var name: String
    var nice: Int32
  }

  private func findings(isPatient: Bool) async throws -> Findings? {
    let found = Mutex<Findings?>(nil)
    let service = ThreadService(
      name: "a name of more than 15 bytes", isPatient: isPatient,
      work: {
        let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
        let nice = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        found.withLock { $0 = Findings(name: name, nice: nice) }
      }, stop: {})
    try await service.run()
    return found.withLock { $0 }
  }

  @Test func `A service's thread has its name, and goes last where it is patient`() async throws {
    let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    let ordinary = try #require(try await findings(isPatient: false))
    let patient = try #require(try await findings(isPatient: true))
    #expect(ordinary.name == "a name of more \n" && patient.name == ordinary.name)
    #expect(ordinary.nice == own && patient.nice == 10)
  }

  @Test func `A service goes on until it is told to stop, by whom it runs for`() async throws {
    let stopped = Mutex(false)
    let started = Mutex(false)
    let service = ThreadService(
      name: "waiting",
      work: {
        started.withLock { $0 = true }
        while !stopped.withLock({ $0 }) { usleep(1000) }
      }, stop: { stopped.withLock { $0 = true } })
    let running = Task { try await service.run() }
    while !started.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
    running.cancel()
    try await running.value
    #expect(stopped.withLock { $0 })
  }
}
