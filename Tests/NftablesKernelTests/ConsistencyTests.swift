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
    let keys = flowKeys4(6000).enumerated().filter { $0.offset % 2 == number }.map(\.element)
    return ruleset(
      sets: [
        NamedSet(hash: "flows4", of: flow4, keys: keys), NamedSet(hash: "pods\(number)", of: [.address4], keys: []),
      ],
      counters: [Counter("counter\(number)")], rules: [[.counter("counter\(number)")]])
  }

  @Test func readIsOneStateOrRefused() throws {
    try inFreshNetworkNamespace {
      let (reader, writer) = (try LibnftnlKernel(), Writer(try LibnftnlKernel()))
      try reader.commit(creation(of: state(0)), at: reader.generation())
      writer.alternate(between: [state(0), state(1)])
      var (whole, refused) = (0, 0)
      for _ in 0..<100 {
        do {
          let read = try reader.read().0
          #expect(read == state(0) || read == state(1))
          whole += 1
        } catch let error as KernelError {
          #expect(error.code == ERESTART)
          refused += 1
        }
      }
      let commits = try writer.stop()
      #expect(commits > 0 && whole + refused == 100)
      #expect(try [state(0), state(1)].contains(reader.read().0))
    }
  }
}

/// Commits on a thread of its own, through a socket that was opened elsewhere.
private final class Writer: @unchecked Sendable {
  private let kernel: LibnftnlKernel
  private let stopped = Atomic(false)
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Int, any Error> = .success(0)

  init(_ kernel: LibnftnlKernel) { self.kernel = kernel }

  /// Commits one state after the other, with pauses of a few milliseconds, until `stop`.
  func alternate(between states: [Ruleset]) {
    DispatchQueue.global().async { [self] in
      result = Result {
        var commits = 0
        while !stopped.load(ordering: .relaxed) {
          let (old, new) = (states[commits % 2], states[(commits + 1) % 2])
          try kernel.commit(difference(from: old, to: new), at: kernel.generation())
          commits += 1
          usleep(UInt32(commits % 7) * 1000)
        }
        return commits
      }
      done.signal()
    }
  }

  /// How many commits there were.
  func stop() throws -> Int {
    stopped.store(true, ordering: .relaxed)
    done.wait()
    return try result.get()
  }
}
