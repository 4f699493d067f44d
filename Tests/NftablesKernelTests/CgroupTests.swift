import NamespaceLab
import Nftables
import NftablesKernel
import Testing

/// `socket cgroupv2` and sets of cgroups, both ways through the kernel, with nft as the referee.
@Suite(asRoot)
struct CgroupTests {
  @Test func `A set of cgroups is looked up at every level, alone and among other fields`() throws {
    let group = try LabCgroup()
    let id = try group.make("a.service")
    let names = [id: "\(group.nftPrefix)\(group.path)/a.service"]
    let wanted = ruleset(
      sets: [
        NamedSet(hash: "units", of: [.cgroup], keys: [ElementKey([.cgroup], [UInt128(id)])]),
        NamedSet(
          hash: "flows4", of: mixed, keys: [ElementKey(mixed, [UInt128(id), 0x0a00_0001, 6, 443])]),
      ],
      chains: [
        Chain(
          "output", hook: Hook(.output, priority: 0, policy: .drop),
          rules: [
            Rule([.lookup([.cgroup(level: 2)], .isIn, set: "units"), .verdict(.accept)]),
            Rule([.lookup([.cgroup(level: 1)], .isNotIn, set: "units"), .verdict(.drop)]),
            Rule([
              .lookup([.cgroup(level: 2), .destination4, .transportProtocol, .destinationPort], .isIn, set: "flows4"),
              .verdict(.accept),
            ]),
          ])
      ])
    #expect(problems(in: wanted) == [])
    let name = "\"\(group.nftPrefix)\(group.path)/a.service\""
    let text = """
      table inet moat {
        set units { type cgroupsv2; size 1024; elements = { \(name) }; }
        set flows4 { type cgroupsv2 . ipv4_addr . inet_proto . inet_service; size 1024;
          elements = { \(name) . 10.0.0.1 . tcp . 443 }; }
        chain output {
          type filter hook output priority 0; policy drop;
          socket cgroupv2 level 2 @units accept
          socket cgroupv2 level 1 != @units drop
          socket cgroupv2 level 2 . ip daddr . meta l4proto . th dport @flows4 accept
        }
      }
      """
    try expectBothWays(wanted, text: text)
    try expectBothWays(wanted, text: wanted.nftSyntax(cgroupNames: names))
  }

  @Test func `Elements in the machine's byte order are printed as nft reads them`() throws {
    let wanted = ruleset(sets: [NamedSet(hash: "links", of: [.interface], keys: [ElementKey([.interface], [1])])])
    try expectBothWays(wanted, text: wanted.nftSyntax)
    try inFreshNetworkNamespace {
      try nft("-j", "-f", "-", input: wanted.nftJSON)
      #expect(try LibnftnlKernel().read().0 == wanted)
    }
  }

  @Test func `A cgroup that is gone stays in the kernel as its number`() throws {
    let group = try LabCgroup()
    let id = try group.make("a.service")
    let set = NamedSet(hash: "units", of: [.cgroup], keys: [ElementKey([.cgroup], [UInt128(id)])])
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      try kernel.commit(creation(of: ruleset(sets: [set])), at: kernel.generation())
      group.remove(below: "a.service")
      #expect(try group.make("a.service") != id)
      #expect(try kernel.read().0 == ruleset(sets: [set]))
      #expect(try runProgram(["nft", "-f", "-"], input: ruleset(sets: [set]).nftSyntax).status != 0)
    }
  }

  @Test func `Forwarded packets have no socket, so nobody may ask them for one`() throws {
    let set = NamedSet(hash: "units", of: [.cgroup], keys: [])
    let wanted = ruleset(sets: [set], rules: [[.lookup([.cgroup(level: 1)], .isIn, set: "units"), .verdict(.accept)]])
    #expect(problems(in: wanted).map(\.reason) == ["asks for the socket of forwarded packets"])
    #expect(throws: KernelError.self) {
      let simulated = SimulatedKernel()
      try simulated.commit(creation(of: wanted), at: try simulated.read().1)
    }
    try inFreshNetworkNamespace {
      let kernel = try LibnftnlKernel()
      #expect(throws: KernelError.self) { try kernel.commit(creation(of: wanted), at: kernel.generation()) }
    }
  }
}

private let mixed: [FieldType] = [.cgroup, .address4, .transportProtocol, .port]
