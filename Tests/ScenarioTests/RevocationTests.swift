import ClusterModel
import Conntrack
import EgressPolicy
import EgressRuleset
import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Nftables
import NftablesKernel
import Testing

/// S8 with real connections: an allowance that goes away cuts what it let through, both ways and for good.
@Suite(.enabled(if: geteuid() == 0, "needs root: network namespaces and nf_tables"))
struct RevocationTests {
  private let scenario: Scenario
  private let withoutAllowances: EgressModel

  init() throws {
    scenario = try Scenario("01-httpbin")
    var (snapshot, configuration) = (scenario.snapshot, scenario.configuration)
    snapshot.accessPolicies = []
    configuration.exceptions = []
    configuration.host.allow = []
    withoutAllowances = EgressModel(snapshot, under: configuration)
  }

  private func model(_ change: (inout Configuration) -> Void) -> EgressModel {
    var configuration = scenario.configuration
    change(&configuration)
    return EgressModel(scenario.snapshot, under: configuration)
  }

  @Test(arguments: [
    OpenConnection(productpage, "10.96.0.100", .tcp(443)), OpenConnection(productpage, "fd00:10:96::100", .tcp(443)),
    OpenConnection(productpage, "10.1.2.10", .tcp(8443)), OpenConnection(productpage, "fd00:10:1:2::10", .tcp(8443)),
    OpenConnection(gateway, "203.0.113.10", .tcp(443)), OpenConnection(gateway, "2001:db8:113::10", .tcp(443)),
    OpenConnection(coredns, "198.51.100.53", .udp(53)), OpenConnection(coredns, "198.51.100.53", .tcp(53)),
    OpenConnection(.node("worker-1"), "198.51.100.7", .tcp(443)),
  ])
  func `A connection ends with its allowance`(path: OpenConnection) throws {
    let cluster = try RevokingCluster()
    try cluster.enforce(scenario.model)
    let cut = try path.open(in: cluster.lab)
    let kept = try inside.map { try $0.open(in: cluster.lab) }
    #expect(try cluster.entries(of: path) > 0)
    let revoked = try cluster.enforce(withoutAllowances)
    #expect(revoked.allSatisfy(path.isOf) && !revoked.isEmpty, "\(revoked)")
    #expect(revoked.contains(where: \.isDestinationTranslated) == path.isToService)
    #expect(try cluster.entries(of: path) == 0)
    // The far side first: its next segment must not make a new entry, the wrong way round.
    #expect(cut.receive(expecting: .dropped).outcome != .delivered)
    #expect(try cluster.entries(of: path) == 0)
    #expect(try cut.send(expecting: .refused).outcome != .delivered)
    #expect(cut.receive(expecting: .dropped).outcome != .delivered)
    #expect(try cluster.entries(of: path) == 0)
    for connection in kept {
      #expect(try connection.send(expecting: .delivered).outcome == .delivered)
      #expect(connection.receive(expecting: .delivered).outcome == .delivered)
    }
  }

  @Test(arguments: [
    OpenConnection(productpage, "10.1.2.10", .tcp(8443)), OpenConnection(coredns, "198.51.100.53", .udp(53)),
  ])
  func `Without the revocation answers go on`(path: OpenConnection) throws {
    let cluster = try RevokingCluster()
    try cluster.enforce(scenario.model)
    let connection = try path.open(in: cluster.lab)
    try cluster.enforce(withoutAllowances, isRevoking: false)
    #expect(connection.receive(expecting: .delivered).outcome == .delivered)
  }

  @Test func `Connections that stay allowed live on although their rules are made anew`() throws {
    let cluster = try RevokingCluster()
    try cluster.enforce(scenario.model)
    let paths = [
      OpenConnection(productpage, "10.96.0.100", .tcp(443)), OpenConnection(gateway, "203.0.113.10", .tcp(443)),
      OpenConnection(coredns, "198.51.100.53", .udp(53)), OpenConnection(.outside("httpbin"), "10.1.1.10", .tcp(9080)),
    ]
    let connections = try (paths + inside).map { try $0.open(in: cluster.lab) }
    #expect(try cluster.enforce(model { $0.gateways.managementPorts = [15021] }) == [])
    for connection in connections {
      #expect(try connection.send(expecting: .delivered).outcome == .delivered)
      #expect(connection.receive(expecting: .delivered).outcome == .delivered)
    }
  }

  @Test func `From audit to enforce, what would have been denied ends`() throws {
    let cluster = try RevokingCluster()
    try cluster.enforce(model { $0.mode = .audit })
    let path = OpenConnection(reviews, "203.0.113.10", .udp(443))
    let connection = try path.open(in: cluster.lab)
    let revoked = try cluster.enforce(scenario.model)
    #expect(revoked.count == 1 && revoked.allSatisfy(path.isOf))
    #expect(connection.receive(expecting: .dropped).outcome == .dropped)
    #expect(try connection.send(expecting: .refused).outcome != .delivered)
  }

  @Test func `From any to no inbound, connections from the outside end`() throws {
    let cluster = try RevokingCluster()
    try cluster.enforce(scenario.model)
    let path = OpenConnection(.outside("httpbin"), "10.1.1.10", .tcp(9080))
    let connection = try path.open(in: cluster.lab)
    let revoked = try cluster.enforce(model { $0.inbound = .none })
    #expect(revoked.count == 1 && revoked.allSatisfy(path.isOf))
    #expect(try connection.send(expecting: .refused).outcome != .delivered)
    #expect(connection.receive(expecting: .dropped).outcome != .delivered)
  }

  private let inside = [
    OpenConnection(reviews, "10.1.1.10", .tcp(9080)), OpenConnection(reviews, "10.1.2.20", .tcp(9080)),
    OpenConnection(reviews, "fd00:10:1:2::20", .udp(53)),
  ]
}

private let productpage = LabHost.pod("bookinfo/productpage-v1-7f8b9c6d5-x2k4q")
private let reviews = LabHost.pod("bookinfo/reviews-v1-6c5d8f7b9-p9s2m")
private let gateway = LabHost.pod("istio-egress/istio-egressgateway-55fcbddd96-bwntr")
private let coredns = LabHost.pod("kube-system/coredns-7d8f9b6c5-abcde")
