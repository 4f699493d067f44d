import Dispatch
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Synchronization
import Testing

/// Reading while another process writes.
@Suite(asRoot)
struct ConsistencyTests {
  /// Two rulesets that differ in every part.
  private func state(_ number: Int) -> Ruleset {
    let keys = flowKeys4(3000).enumerated().filter { $0.offset % 2 == number }.map(\.element)
    return ruleset(
      sets: [
        NamedSet(hash: "flows4", of: flow4, keys: keys), NamedSet(hash: "pods\(number)", of: [.address4], keys: []),
      ],
      counters: [Counter("counter\(number)")], rules: [[.counter("counter\(number)")]])
  }

  @Test func readIsOneStateOrRefused() throws {
    try inFreshNetworkNamespace {
      let states = [state(0), state(1)]
      let (reader, writer) = (try LibnftnlKernel(), Writer(try LibnftnlKernel()))
      try reader.commit(creation(of: states[0]), at: reader.generation())
      writer.alternate(between: states)
      var (whole, refused) = (0, 0)
      let deadline = ContinuousClock.now + .seconds(5)
      while min(whole, refused) < 5, .now < deadline {
        do {
          let read = try reader.read().0
          #expect(read == states[0] || read == states[1])
          whole += 1
        } catch let error as KernelError {
          #expect(error.code == ERESTART)
          refused += 1
        }
      }
      try writer.stop()
      #expect(whole + refused > 0)
      #expect(try states.contains { try reader.read().0 == $0 })
    }
  }
}

/// Commits on a thread of its own, through a socket that was opened elsewhere.
private final class Writer: @unchecked Sendable {
  private let kernel: LibnftnlKernel
  private let stopped = Atomic(false)
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Void, any Error> = .success(())

  init(_ kernel: LibnftnlKernel) { self.kernel = kernel }

  /// Commits one state after the other, with pauses short and long, until `stop`.
  func alternate(between states: [Ruleset]) {
    DispatchQueue.global().async { [self] in
      result = Result {
        var commits = 0
        while !stopped.load(ordering: .relaxed) {
          let (old, new) = (states[commits % 2], states[(commits + 1) % 2])
          try kernel.commit(difference(from: old, to: new), at: kernel.generation())
          commits += 1
          usleep(UInt32(commits % 7) * 20_000)
        }
      }
      done.signal()
    }
  }

  /// Waits for the last commit.
  func stop() throws {
    stopped.store(true, ordering: .relaxed)
    done.wait()
    try result.get()
  }
}
