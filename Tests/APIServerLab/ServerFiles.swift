import Foundation
import Glibc
import NamespaceLab

/// A folder with certificates, keys, tokens and data of one API server. It is removed with this value.
final class ServerFiles: Sendable {
  let path: String

  /// Makes a certificate authority, the server's certificate for `address`, and one for the administrator.
  init(address: String) throws {
    // In memory where there is any: etcd syncs every write.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
    path = "\(parent)/moat-apiserver-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try openSSL(["req", "-x509", "-subj", "/CN=moat-test-ca", "-days", "2"] + newKey("ca"))
    try sign("server", subject: "/CN=kube-apiserver", names: "IP:\(address),IP:127.0.0.1,IP:10.96.0.1,DNS:kubernetes")
    try sign("admin", subject: "/O=system:masters/CN=admin")
    try openSSL(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("accounts.key")])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Makes NAME.key and NAME.crt, signed by the authority.
  func sign(_ name: String, subject: String, names: String? = nil) throws {
    try openSSL(["req", "-subj", subject, "-out", file("\(name).csr")] + newKey(name, isRequest: true))
    let uses = "extendedKeyUsage=serverAuth,clientAuth\n" + (names.map { "subjectAltName=\($0)\n" } ?? "")
    try openSSL([
      "x509", "-req", "-in", file("\(name).csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial",
      "-days", "2", "-out", file("\(name).crt"), "-extfile", try write(uses, to: "\(name).ext"),
    ])
  }

  private func newKey(_ name: String, isRequest: Bool = false) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file("\(name).key")]
      + (isRequest ? [] : ["-out", file("\(name).crt")])
  }

  private func openSSL(_ arguments: [String]) throws {
    let result = try runProgram(["openssl"] + arguments)
    guard result.status == 0 else { throw ServerLabError("openssl \(arguments): \(result.output)") }
  }
}
