import Foundation
import Glibc
import HttpbinLab
import NamespaceLab
import NetworkValues
import Testing

/// The task page with real Envoys, whose rules are what `moat run` makes of the main scenario, and nothing else.
@Suite(
  .enabled(if: geteuid() == 0, "needs root: it makes network namespaces"),
  .enabled(if: envoy != nil, "needs MOAT_ENVOY"))
struct TaskPageTests {
  private let walk: Walk

  init() throws { walk = try Walk(moat: moatPath, envoy: #require(envoy), scenario: scenarioFolder) }

  @Test func `The page's walk goes by the gateway alone, and every bypass is shut`() throws {
    let cases = taskPageCases()
    for protection in Protection.allCases {
      let results = try walk.run(cases, under: protection)
      for (one, trials) in zip(cases, results) {
        #expect(!trials.isEmpty)
        for trial in trials {
          let expected = one.expected(under: protection)
          #expect(trial.outcome == expected, "\(protection.rawValue): \(one.title): \(trial)")
          expectWay(of: trial)
        }
      }
      try expectPage(results[0], results[1], under: protection)
    }
  }

  @Test func `What came outside counts, whatever the client was told`() throws {
    for protection in [Protection.none, .authorized] {
      for trial in try walk.run([closedPortCase()], under: protection)[0] {
        #expect(trial.outcome == closedPortCase().expected(under: protection), "\(trial)")
      }
    }
  }

  /// Through the gateway means by the gateway's node.
  private func expectWay(of trial: Trial) {
    guard trial.outcome == .throughGateway else { return }
    let uplink = walk.mesh.lab.topology.uplinkAddress(ofNode: "egress-1", .v4)
    #expect(trial.visitor == uplink.map { "\($0)" }, "\(trial)")
  }

  /// What the page shows: answers to productpage and to reviews, the first two cases, and the gateway's access log.
  private func expectPage(_ productpage: [Trial], _ reviews: [Trial], under protection: Protection) throws {
    let requests = try walk.mesh.gatewayRequests()
    for trial in productpage { try expectAllowed(#require(requests.first { $0.path == trial.path })) }
    guard protection != .authorized else { return try expectUnreachable(reviews, requests) }
    for trial in reviews {
      #expect(trial.told.contains("RBAC: access denied"), "\(trial.told)")
      expectRefused(try #require(requests.first { $0.path == trial.path }))
    }
  }

  /// The gateway never heard of it: the sidecar's connection from before was reset, and a new one is refused.
  private func expectUnreachable(_ trials: [Trial], _ requests: [GatewayRequest]) throws {
    for trial in trials { #expect(!requests.contains { $0.path == trial.path }, "\(trial.told)") }
    #expect(trials.first?.told.contains("connection termination") == true, "\(trials.first?.told ?? "")")
    #expect(trials.last?.told.contains("remote connection failure") == true, "\(trials.last?.told ?? "")")
  }

  private func expectAllowed(_ request: GatewayRequest) throws {
    #expect(Set(request.fields.keys) == pageFields)
    let exact = [
      "authority": "httpbin.org", "method": "GET", "protocol": "HTTP/2", "route_name": "httpbin.org",
      "requested_server_name": "outbound_.443_._.httpbin.org", "upstream_cluster": "outbound|443||httpbin.org",
      "upstream_host": "203.0.113.10:443", "downstream_local_address": "10.1.2.10:8443",
      "response_code_details": "via_upstream", "response_flags": "-",
    ]
    for (name, value) in exact { #expect(request[name] == value, "\(name)") }
    let beginnings = [
      "downstream_remote_address": "10.1.1.10:", "upstream_local_address": "10.1.2.10:", "user_agent": "curl/",
      "path": "/anything/",
    ]
    for (name, value) in beginnings { #expect(request[name]?.hasPrefix(value) == true, "\(name): \(request.fields)") }
    #expect(request.fields["response_code"] as? Int == 200)
    #expect(request.fields["bytes_received"] as? Int == 0)
    #expect((request.fields["bytes_sent"] as? Int ?? 0) > 0)
    #expect((request.fields["duration"] as? Int) != nil)
    #expect(Int(request["upstream_service_time"] ?? "") != nil)
    #expect(UUID(uuidString: request["request_id"] ?? "") != nil)
    #expect(request["x_forwarded_for"]?.hasSuffix("10.1.1.10") == true, "\(request.fields)")
    let started = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(#require(request["start_time"]))
    #expect(abs(started.timeIntervalSinceNow) < 600)
    for name in ["connection_termination_details", "upstream_transport_failure_reason"] {
      #expect(request.fields[name] is NSNull, "\(name)")
    }
  }

  private func expectRefused(_ request: GatewayRequest) {
    #expect(Set(request.fields.keys) == pageFields)
    #expect(request.fields["response_code"] as? Int == 403)
    #expect(request["response_code_details"]?.hasPrefix("rbac_access_denied") == true, "\(request.fields)")
    #expect(request["downstream_remote_address"]?.hasPrefix("10.1.1.11:") == true, "\(request.fields)")
    #expect(request.fields["upstream_host"] is NSNull)
  }
}

/// The fields of the access log that the page shows.
private let pageFields: Set<String> = [
  "authority", "bytes_received", "bytes_sent", "connection_termination_details", "downstream_local_address",
  "downstream_remote_address", "duration", "method", "path", "protocol", "request_id", "requested_server_name",
  "response_code", "response_code_details", "response_flags", "route_name", "start_time", "upstream_cluster",
  "upstream_host", "upstream_local_address", "upstream_service_time", "upstream_transport_failure_reason",
  "user_agent", "x_forwarded_for",
]

/// PyPI's, as `Tests/run` names it.
private let envoy = ProcessInfo.processInfo.environment["MOAT_ENVOY"]

private let scenarioFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Scenarios/01-httpbin").path

/// The executable that stands beside the one that runs the tests.
private let moatPath: String = {
  let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("moat").path
}()
