import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// Everything at once, for as long as is wanted: pods, policies and names change, daemons and the API server end and
/// begin, while a client that may goes on connecting and attackers go on trying.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct SoakTests {
  /// `MOAT_SOAK_SECONDS=1800` for the long version, which is `make soak`.
  private static let duration = Duration.seconds(
    ProcessInfo.processInfo.environment["MOAT_SOAK_SECONDS"].flatMap { Int($0) } ?? 40)

  @Test func `Under churn nobody who may is refused, nothing else gets out, and memory stays flat`() throws {
    var lab = try SoakLab()
    try lab.start()
    let traffic = try SoakTraffic(in: lab.cluster.lab)
    let began = ContinuousClock.now
    // What a daemon keeps of the churn is there after a quarter of it.
    try lab.churn(until: began + Self.duration / 4)
    let early = try lab.memory()
    try lab.churn(until: began + Self.duration)
    let late = try lab.memory()
    let seen = try traffic.stop()
    lab.stop()
    print(
      "soak: \((ContinuousClock.now - began).components.seconds) s; \(seen.connections) connections, "
        + "\(seen.failures.count) refused; \(seen.attempts) forbidden tries, \(seen.leaks.count) arrived; \(lab.counts); "
        + "memory \(early) → \(late) MiB")
    #expect(seen.failures.isEmpty, "\(seen.failures.prefix(5))")
    #expect(seen.leaks.isEmpty, "\(seen.leaks.prefix(5))")
    #expect(lab.wrongVerdicts.isEmpty, "\(lab.wrongVerdicts.prefix(5))")
    #expect(seen.connections > 500 && seen.attempts > 500)
    #expect(late <= early + 6, "MiB")
  }
}
