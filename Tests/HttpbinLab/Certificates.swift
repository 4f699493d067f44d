import Foundation
import NamespaceLab

/// Keys and certificates of the mesh and of the outside, made with openssl: two authorities that know nothing of each other.
struct Certificates {
  /// Where the files lie.
  let folder: String

  /// An authority: signs what belongs to it.
  enum Authority: String {
    case mesh, outside
  }

  init(in folder: String) throws {
    self.folder = folder
    // Without this openssl adds the extensions of the machine's own configuration.
    try "[req]\ndistinguished_name = name\n[name]\n".write(
      toFile: folder + "/openssl.cnf", atomically: true, encoding: .utf8)
    for authority in [Authority.mesh, .outside] { try make(authority) }
    for identity in [WorkloadIdentity.productpage, .reviews, .gateway] {
      try issue(identity.rawValue, "critical,URI:\(identity.uri)", by: .mesh)
    }
    try issue("httpbin.org", "DNS:httpbin.org", by: .outside)
  }

  /// The certificate of an authority.
  func trusted(_ authority: Authority) -> String { "\(folder)/\(authority.rawValue).pem" }

  /// A certificate, and the key to it.
  func files(_ name: String) -> (certificate: String, key: String) {
    ("\(folder)/\(name).pem", "\(folder)/\(name).key")
  }

  private func make(_ authority: Authority) throws {
    try request(
      authority.rawValue, ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"], [])
  }

  private func issue(_ name: String, _ alternative: String, by authority: Authority) throws {
    let issuer = files(authority.rawValue)
    try request(
      name,
      [
        "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth", "subjectAltName=\(alternative)",
      ], ["-CA", issuer.certificate, "-CAkey", issuer.key])
  }

  private func request(_ name: String, _ extensions: [String], _ signer: [String]) throws {
    let own = files(name)
    let words =
      ["openssl", "req", "-x509", "-config", folder + "/openssl.cnf", "-newkey", "ec", "-pkeyopt"]
      + ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", own.key]
      + ["-out", own.certificate] + extensions.flatMap { ["-addext", $0] } + signer
    let result = try startProgram(words).wait()
    guard result.status == 0 else {
      throw LabError.program(host: "here", command: "openssl req", status: result.status, output: result.text)
    }
  }
}

/// Who a workload is in the mesh, by its ServiceAccount.
enum WorkloadIdentity: String {
  case productpage, reviews, gateway

  var uri: String {
    switch self {
    case .productpage: "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-productpage"
    case .reviews: "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews"
    case .gateway: "spiffe://cluster.local/ns/istio-egress/sa/istio-egressgateway"
    }
  }
}
