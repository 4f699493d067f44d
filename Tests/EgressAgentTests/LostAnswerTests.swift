import CNetfilter
import EgressAgent
import Glibc
import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// A commit whose acknowledgement is lost on the way from a real kernel.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct LostAnswerTests {
  /// How the kernel tells, or does not tell, that there was no room for an answer.
  enum Loss: String, Sendable, CaseIterable {
    case told, silent

    var code: Int32 { self == .told ? ENOBUFS : ENODATA }
  }

  @Test(arguments: Loss.allCases, [TableOwnership.none, .owned])
  func `Nothing is believed, and what was committed is read back`(loss: Loss, ownership: TableOwnership) throws {
    try inFreshNetworkNamespace {
      let input = try scenarioInput()
      let (before, after) = (wantedRuleset(input.without(clients: true)), wantedRuleset(input))
      let kernel = try LibnftnlKernel(ownership: ownership)
      var reconciler = Reconciler(kernel)
      _ = try reconciler.enforce(before)
      #expect(try !reconciler.enforce(after).isReadBack && !reconciler.enforce(before).isReadBack)
      let generation = try kernel.generation()

      try choke(kernel.descriptor, loss)
      let done = try reconciler.enforce(after)
      #expect(done.disturbance?.code == loss.code, "\(done.disturbance.map { "\($0)" } ?? "the answer came")")
      #expect(done.isReadBack && done.concern == .everything)
      #expect(done.transaction.isEmpty, "the commit had taken effect")
      #expect(try kernel.generation().rawValue == generation.rawValue + 1)
      #expect(try kernel.read().0 == after)

      // Once read, it is believed again.
      let next = try reconciler.enforce(before)
      #expect(next.disturbance == nil && !next.isReadBack)
      #expect(try kernel.read().0 == before)
    }
  }

  @Test func `With the smallest receive buffer there is, large sets are written and read`() throws {
    try inFreshNetworkNamespace {
      let keys = (0..<30_000).map { ElementKey([.address4, .port], [UInt128($0), UInt128($0 % 65_536)]) }
      let table = Table(
        id: TableID(.inet, "moat"), counters: [],
        sets: [NamedSet(hash: "many", of: [.address4, .port], keys: keys)], chains: [])
      let (ruleset, kernel) = (Ruleset(tables: [table]), try LibnftnlKernel(ownership: .owned))
      shrink(kernel.descriptor)
      var reconciler = Reconciler(kernel)
      #expect(try reconciler.enforce(ruleset).isReadBack)
      #expect(try difference(from: kernel.read().0, to: ruleset).isEmpty)
      #expect(try kernel.standing(of: TableID(.inet, "moat")) == .own)
    }
  }

  /// Fills the receive buffer of a netlink socket with answers that nobody waits for.
  private func choke(_ socket: Int32, _ loss: Loss) throws {
    shrink(socket)
    if loss == .silent {
      var on: Int32 = 1
      try #require(
        setsockopt(socket, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, socklen_t(MemoryLayout<Int32>.size)) == 0)
    }
    let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETGEN.rawValue)
    let header: [UInt16] = [20, 0, type, UInt16(NLM_F_REQUEST), .max, .max, 0, 0, 0, 0]
    for _ in 0..<64 {
      let sent = header.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) }
      try #require(sent == 20, "\(errno)")
    }
  }

  private func shrink(_ socket: Int32) {
    var size: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }
}
