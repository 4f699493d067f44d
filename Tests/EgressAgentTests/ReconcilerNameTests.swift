import ClusterModel
import EgressAgent
import EgressPolicy
import EgressRuleset
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// What resolvers told, added to the real kernel beside the ruleset; `nft` says what the set holds, and until when.
@Suite(.enabled(if: geteuid() == 0, "needs root: network namespaces and nf_tables"))
struct ReconcilerNameTests {
  private let set = "external_names4"
  private let wanted: Ruleset
  private let openings: NameOpenings

  init() throws {
    let input = try wildInput(names: "{ resolvers: [198.51.100.53], grace: 1s, backstop: 30s }")
    wanted = wantedRuleset(input, on: egressNode)
    openings = try #require(nameDemand(input).openings)
  }

  private func keys(_ last: ClosedRange<UInt32>) throws -> [ElementKey] {
    let client = try ip("10.1.2.10")
    let flows = last.flatMap { number in
      openings.flows(
        for: ObservedName(client: client, name: "a.wild.example", address: IPAddress(v4: 0xc612_0000 + number)))
    }
    return nameKeys(flows).flatMap(\.keys)
  }

  private struct Element {
    var address: String
    var expires: Int
  }

  /// What nft lists.
  private func listed() throws -> [Element] {
    let output = try runProgram(["nft", "-j", "list", "set", "inet", "moat", set]).output
    let document = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    let objects = document?["nftables"] as? [[String: Any]] ?? []
    let elements = objects.compactMap { ($0["set"] as? [String: Any])?["elem"] as? [Any] }.joined()
    return elements.compactMap { entry -> Element? in
      guard let element = (entry as? [String: Any])?["elem"] as? [String: Any],
        let parts = (element["val"] as? [String: Any])?["concat"] as? [Any], parts.count == 4,
        let address = parts[1] as? String, let expires = element["expires"] as? Int
      else { return nil }
      return Element(address: address, expires: expires)
    }.sorted { $0.address < $1.address }
  }

  @Test func `What is added fades by the set's time, and the next ruleset keeps or takes it`() throws {
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      var reconciler = Reconciler(kernel)
      #expect(try !reconciler.add(keys(1...1), to: set), "nothing is known of the kernel yet")
      _ = try reconciler.enforce(wanted)
      #expect(try reconciler.add(keys(1...3), to: set))
      let first = try listed()
      #expect(first.map(\.address) == ["198.18.0.1", "198.18.0.2", "198.18.0.3"])
      #expect(first.allSatisfy { (25...30).contains($0.expires) }, "\(first)")
      let generation = try kernel.generation()
      #expect(try reconciler.add(keys(2...3), to: set))
      #expect(try kernel.generation() == generation, "nothing new, no commit")
      #expect(try !reconciler.add(keys(4...4), to: "no_such_set"))
      // A ruleset with some of them takes the others away, without reading.
      var next = wanted
      let table = try #require(next.tables.firstIndex { $0.id == moatTable })
      let place = try #require(next.tables[table].sets.firstIndex { $0.name == set })
      next.tables[table].sets[place].elements = .keys(try keys(2...2))
      let done = try reconciler.enforce(next)
      #expect(!done.isReadBack && done.transaction.operations.count == 1, "\(done.transaction)")
      #expect(try listed().map(\.address) == ["198.18.0.2"])
      #expect(try reconciler.verify(next).transaction.isEmpty)
    }
  }

  @Test func `Renewal gives every element its whole time, also what was added`() throws {
    try inFreshNetworkNamespace {
      var reconciler = Reconciler(try LibnftnlKernel())
      #expect(try !reconciler.renew(), "nothing is known yet")
      _ = try reconciler.enforce(wanted)
      #expect(try reconciler.renew(), "nothing to renew")
      #expect(try reconciler.add(keys(1...50), to: set))
      let deadline = ContinuousClock.now + .seconds(10)
      while try listed().contains(where: { $0.expires > 28 }), ContinuousClock.now < deadline { usleep(20_000) }
      #expect(try reconciler.renew())
      let renewed = try listed()
      #expect(renewed.count == 50 && renewed.allSatisfy { $0.expires >= 29 }, "\(renewed)")
    }
  }

  @Test func `A change by another is noticed by the next addition, which reads again where it has to`() throws {
    try inFreshNetworkNamespace {
      var reconciler = Reconciler(try LibnftnlKernel())
      _ = try reconciler.enforce(wanted)
      #expect(try reconciler.add(keys(1...1), to: set))
      #expect(try runProgram(["nft", "flush", "set", "inet", "moat", set]).status == 0)
      #expect(throws: KernelError.self) { try reconciler.add(keys(2...2), to: set) }
      #expect(try !reconciler.add(keys(2...2), to: set), "the kernel is not known")
      #expect(try reconciler.enforce(wanted).isReadBack)
      #expect(try reconciler.add(keys(2...2), to: set))
      #expect(try listed().map(\.address) == ["198.18.0.2"])
    }
  }

  @Test func `While the table is the daemon's own, another's table is no reason to read again`() throws {
    try inFreshNetworkNamespace {
      var reconciler = Reconciler(try LibnftnlKernel(ownership: .owned))
      _ = try reconciler.enforce(wanted)
      #expect(try runProgram(["nft", "add", "table", "inet", "other"]).status == 0)
      #expect(try reconciler.add(keys(1...1), to: set))
      #expect(try listed().map(\.address) == ["198.18.0.1"])
    }
  }

  @Test func `More than the set can hold is left to the derivation`() throws {
    try inFreshNetworkNamespace {
      var reconciler = Reconciler(try LibnftnlKernel())
      _ = try reconciler.enforce(wanted)
      #expect(try !reconciler.add(keys(1...1025), to: set))
      #expect(try listed().isEmpty)
      #expect(try reconciler.add(keys(1...1024), to: set))
      #expect(try listed().count == 1024)
      #expect(try !reconciler.add(keys(2000...2000), to: set))
    }
  }

  @Test func `What vanished by itself is no disturbance`() throws {
    try inFreshNetworkNamespace {
      let input = try wildInput(names: "{ resolvers: [198.51.100.53], grace: 0s, backstop: 1s }")
      let wanted = wantedRuleset(input, on: egressNode)
      var reconciler = Reconciler(try LibnftnlKernel())
      _ = try reconciler.enforce(wanted)
      #expect(try reconciler.add(keys(1...2), to: set))
      let deadline = ContinuousClock.now + .seconds(10)
      while try !listed().isEmpty, ContinuousClock.now < deadline { usleep(20_000) }
      // Deleting what is not there any more fails; nothing is believed then, and everything is brought again.
      let isRenewed = (try? reconciler.renew()) ?? false
      if !isRenewed { #expect(try reconciler.verify(wanted).generation.rawValue > 0) }
      #expect(try reconciler.enforce(wanted).transaction.isEmpty)
      #expect(try listed().isEmpty == !isRenewed)
    }
  }
}
