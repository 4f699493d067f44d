import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import Nftables
import Testing

/// S6 by cgroups, judged by the trace: which sockets of the host may reach what.
struct HostCgroupTests {
  private let far = IPAddress(v4: 0xc633_6409)
  private var groups = HostCgroups(groups: [
    "system.slice": HostCgroups.Group(id: 10), "system.slice/a.service": HostCgroups.Group(id: 11),
    "user.slice": HostCgroups.Group(id: 20),
  ])

  private func configuration(_ mode: Configuration.HostMode, cgroup: String = "system.slice/a.service") -> Configuration
  {
    var configuration = Configuration()
    configuration.host.mode = mode
    configuration.host.cgroups = ["system.slice"]
    configuration.host.allow = [
      Configuration.HostAllowance(
        name: "a", to: [.cidr(Prefix(containing: far, length: 24))],
        ports: [Configuration.PortAllowance(transport: .tcp, range: PortRange(443))], cgroup: cgroup)
    ]
    return configuration
  }

  private func flows(_ configuration: Configuration, _ groups: HostCgroups?) -> EgressFlows {
    var snapshot = ClusterSnapshot()
    snapshot.hostCgroups = groups
    return deriveEgress(from: snapshot, on: NodeName(rawValue: "n"), under: configuration)
  }

  /// Whether a process in these cgroups, from level 1 on, may open a connection.
  private func passes(_ flows: EgressFlows, _ cgroups: [UInt64], port: UInt16 = 443) throws -> Bool {
    let ruleset = lower(flows)
    #expect(problems(in: ruleset) == [])
    var packet = Packet(from: IPAddress(v4: 0xac12_000b), to: far, .tcp, destinationPort: port, sourceIsLocal: true)
    packet.cgroups = cgroups
    return trace(packet, through: try #require(ruleset[moatTable]), at: .output).verdict == .accepted
  }

  @Test func `Restricted: an entry with a cgroup passes only that unit's sockets`() throws {
    let flows = flows(configuration(.restricted), groups)
    #expect(try passes(flows, [10, 11]) && passes(flows, [10, 11, 99]))
    #expect(try !passes(flows, [10, 11], port: 444))
    for others in [[], [10], [10, 12], [11], [20, 11]] as [[UInt64]] {
      // A number at another level is another cgroup's; the kernel has each but once.
      let isUnit = others.count > 1 && others[1] == 11
      #expect(try passes(flows, others) == isUnit, "\(others)")
    }
    #expect(!flows.findings.contains { $0.code == .cgroupUnavailable })
    #expect(flows.lines.contains { $0.hasPrefix("host\thost system.slice/a.service\t") })
  }

  @Test func `Unrestricted: only packets of a socket in host.cgroups pass`() throws {
    let flows = flows(configuration(.unrestricted), groups)
    #expect(try passes(flows, [10], port: 80) && passes(flows, [10, 12, 13], port: 80))
    #expect(try !passes(flows, [], port: 80) && !passes(flows, [20], port: 80) && !passes(flows, [5, 10], port: 80))
  }

  @Test func `What is absent, unread, of pods or holds pods grants nothing, and is reported`() throws {
    var nested = groups
    nested.groups["system.slice/a.service"]?.fault = "holds the cgroup kubepods of pods"
    let unread = HostCgroups(problem: "no cgroup v2")
    for known in [nil, HostCgroups(), unread, nested] as [HostCgroups?] {
      let flows = flows(configuration(.restricted), known)
      #expect(try !passes(flows, [10, 11]))
      #expect(flows.findings.contains { $0.code == .cgroupUnavailable && $0.path == "host.allow[0].cgroup" })
    }
    var pods = groups
    pods.groups["kubepods.slice"] = HostCgroups.Group(id: 30)
    let flows = flows(configuration(.restricted, cgroup: "kubepods.slice"), pods)
    #expect(try !passes(flows, [30]))
    #expect(flows.findings.contains { $0.code == .cgroupUnavailable })
  }

  @Test func `A unit's restart changes one element and no rule; a lock state has no cgroups`() throws {
    let flows = flows(configuration(.unrestricted), groups)
    var later = groups
    later.groups["system.slice/a.service"]?.id = 111
    let change = difference(from: lower(flows), to: lower(self.flows(configuration(.unrestricted), later)))
    #expect(change.operations.count == 2)
    #expect(change.operations.allSatisfy { $0.summary.hasSuffix("element inet moat unit1") })
    #expect(LockState(flows).flows.hostUnits == [] && LockState(flows).flows.hostCgroups == [])
    #expect(try !passes(LockState(flows).flows, [10, 11]))
  }

  @Test func `nft gets paths for numbers`() {
    var hybrid = groups
    hybrid.nftPrefix = "unified/"
    #expect(
      flows(configuration(.unrestricted), hybrid).cgroupNames
        == [10: "unified/system.slice", 11: "unified/system.slice/a.service"])
    hybrid.nftPrefix = nil
    #expect(flows(configuration(.unrestricted), hybrid).cgroupNames == [:])
  }
}
