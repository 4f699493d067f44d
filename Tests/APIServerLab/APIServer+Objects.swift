import Foundation

extension APIServer {
  /// Defines Gloo's kinds and waits until they are served.
  package func defineGloo() throws {
    try kubectl(["apply", "-f", glooDefinitions])
    try kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", glooDefinitions])
  }

  /// Creates what files of manifests hold, or changes it. Pods are Pending then: no kubelet runs.
  package func apply(_ files: String...) throws {
    try kubectl(["apply"] + files.flatMap { ["-f", $0] })
  }

  /// Says of a pod what its kubelet would.
  package func setStatus(ofPod name: String, in namespace: String, phase: String, addresses: [String]) throws {
    var status: [String: Any] = ["phase": phase]
    if let first = addresses.first {
      status["podIP"] = first
      status["podIPs"] = addresses.map { ["ip": $0] }
    }
    try change("PATCH", "/api/v1/namespaces/\(namespace)/pods/\(name)/status", ["status": status])
  }

  /// Sends an object, and demands that it is taken.
  package func change(_ method: String, _ path: String, _ object: [String: Any]) throws {
    let body = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    let response = try request(method, path, body)
    guard (200..<300).contains(response.status) else {
      throw ServerLabError("\(method) \(path): \(response.status) \(response.text.prefix(500))")
    }
  }

  /// The account that moat runs under, with the rights that `deploy/` gives it.
  package func makeAccount() throws { try apply("\(deployFolder)/namespace.yaml", "\(deployFolder)/rbac.yaml") }

  /// The rights that `makeAccount` gave.
  package var rightsPath: String { "/apis/rbac.authorization.k8s.io/v1/clusterroles/moat" }

  /// A token of moat's account.
  package func token() throws -> String {
    let path = "/api/v1/namespaces/moat-system/serviceaccounts/moat/token"
    let request: [String: Any] = ["spec": ["expirationSeconds": 3600]]
    let body = String(decoding: try JSONSerialization.data(withJSONObject: request), as: UTF8.self)
    let response = try self.request("POST", path, body)
    guard let status = response.json["status"] as? [String: Any], let token = status["token"] as? String else {
      throw ServerLabError("\(path): \(response.text)")
    }
    return token
  }
}

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
private let glooDefinitions = "\(folder)/gloo-crds.yaml"

/// What an operator applies: `deploy/`.
package let deployFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("deploy").path
