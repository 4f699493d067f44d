import ClusterModel
import Foundation
import Testing

@testable import KubernetesSource

/// kubeconfig files and the account of a pod: what is used, and what is refused, by field and remedy.
@Suite struct CredentialTests {
  /// Writes files into a folder of its own, and reads them as kubeconfig.
  private func credentials(
    _ texts: [String], context: String? = nil, files: [String: String] = [:]
  ) throws -> APICredentials {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    let paths = try texts.enumerated().map { number, text in
      let file = folder.appendingPathComponent("config-\(number)")
      try text.write(to: file, atomically: true, encoding: .utf8)
      return file.path
    }
    return try ClusterAccess.kubeconfig(paths, context: context).credentials()
  }

  private func config(cluster: String = "server: https://10.0.0.1:6443", user: String = "token: t") -> String {
    """
    apiVersion: v1
    kind: Config
    current-context: here
    contexts:
    - name: here
      context: { cluster: c, user: u }
    - name: there
      context: { cluster: d, user: u }
    clusters:
    - name: c
      cluster: { \(cluster) }
    - name: d
      cluster: { server: "https://[fd00::1]" }
    users:
    - name: u
      user: { \(user) }
    """
  }

  @Test func `Tokens and certificates, inline and in files`() throws {
    let data = Data("PEM".utf8).base64EncodedString()
    let inline = try credentials([
      config(
        cluster: "server: \"https://api.example/k8s/clusters/c-1/\", certificate-authority-data: \(data)",
        user: "client-certificate-data: \(data), client-key-data: \(data), token: secret")
    ])
    #expect("\(inline.server)" == "https://api.example:443/k8s/clusters/c-1" && inline.server.address == nil)
    #expect(inline.authority == Array("PEM".utf8) && inline.certificate == inline.key && inline.key == inline.authority)
    #expect(try inline.token?.header() == "Bearer secret")
    let filed = try credentials(
      [config(cluster: "server: https://10.0.0.1:6443, certificate-authority: ca.crt", user: "tokenFile: token")],
      files: ["ca.crt": "CA", "token": "inside\n"])
    #expect(filed.authority == Array("CA".utf8) && filed.certificate == nil)
    #expect(filed.token.map { if case .file = $0 { true } else { false } } == true)
  }

  @Test func `Contexts, and several files of which the first counts`() throws {
    #expect("\(try credentials([config()], context: "there").server)" == "https://[fd00::1]:443")
    let second = config(cluster: "server: https://10.0.0.2:6443").replacing("current-context: here", with: "")
    let first = "clusters: [{ name: c, cluster: { server: \"https://10.0.0.3:6443\" } }]\ncurrent-context: here\n"
    #expect("\(try credentials([first, second]).server)" == "https://10.0.0.3:6443")
  }

  @Test(arguments: [
    ("server: https://10.0.0.1", "exec: { command: aws }", "users[name=u].user.exec", "runs no programs"),
    ("server: https://10.0.0.1", "auth-provider: { name: gcp }", "user.auth-provider", "give token"),
    ("server: https://10.0.0.1", "username: a, password: b", "user.username", "give token"),
    ("server: https://10.0.0.1", "token: t, as: admin", "user.as", "asks as itself"),
    (
      "server: https://10.0.0.1, insecure-skip-tls-verify: true", "token: t", "insecure-skip-tls-verify",
      "certificate-authority"
    ),
    ("server: https://10.0.0.1, proxy-url: http://p", "token: t", "proxy-url", "directly"),
    ("server: https://10.0.0.1, tls-server-name: x", "token: t", "tls-server-name", "in its certificate"),
    ("server: http://10.0.0.1", "token: t", "cluster.server", "use https"),
    ("server: 10.0.0.1", "token: t", "cluster.server", "is no URL"),
    ("certificate-authority: x", "token: t", "cluster.server", "is missing"),
    (
      "server: https://10.0.0.1, certificate-authority: nowhere", "token: t", "nowhere",
      "cannot be opened: No such file"
    ),
    ("server: https://10.0.0.1, certificate-authority-data: '%%%'", "token: t", "-data", "is not Base64"),
    ("server: https://10.0.0.1", "client-certificate-data: aGk=", "users[name=u].user", "client-key belong together"),
  ])
  func `What leads elsewhere or needs a program is refused by its name`(
    cluster: String, user: String, place: String, remedy: String
  ) throws {
    do {
      let credentials = try credentials([config(cluster: cluster, user: user)])
      Issue.record("\(credentials.server) is taken")
    } catch let error as APIError {
      #expect(
        error.kind == .credentials && error.description.contains(place) && error.description.contains(remedy),
        "\(error)")
    }
  }

  @Test(arguments: [
    "https://a b", "https://a%20b", "https://a%0d%0ab:1", "https://ü.example", "https://%c3%bc.example",
    "https://a/b c", "https://a\u{1}", "https://me@a", "https://me:word@a", "https://a?b", "https://a#b", "https:///b",
    "https://a:b",
    "ftp://a", "//a", "",
  ])
  func `A URL that is none, or leads somewhere by more than a name and a path, is refused`(_ text: String) {
    #expect(performing: { try ServerAddress(parsing: text, in: "server") }, throws: { "\($0)".contains("is no URL") })
  }

  @Test(arguments: [
    ("https://[fd00::1]/", "https://[fd00::1]:443"), ("https://[fe80::1%25eth0]:1", "https://[fe80::1%eth0]:1"),
    ("https://xn--tda.example:1", "https://xn--tda.example:1"),
    ("https://a_b-C.9/d%2fe%0a/", "https://a_b-C.9:443/d%2fe%0a"),
  ])
  func `A URL is taken as it is written`(_ text: String, address: String) throws {
    #expect(try "\(ServerAddress(parsing: text, in: "server"))" == address)
  }

  @Test func `What is not there is named with what is`() throws {
    for (texts, context, words) in [
      ([config()], "elsewhere", "contexts has no elsewhere; it has: here, there"),
      (
        [config().replacing("current-context: here", with: "")], nil,
        "has no current-context; choose one with --context"
      ),
      ([config().replacing("name: u", with: "name: w")], nil, "users has no u; it has: w"),
      (["[]"], nil, "is no kubeconfig"),
      (["a: [b"], nil, "is no kubeconfig"),
    ] as [([String], String?, String)] {
      #expect(performing: { try credentials(texts, context: context) }, throws: { "\($0)".contains(words) })
    }
  }

  @Test func `The loopback interface may be without TLS, as kubectl's proxy is`() throws {
    for host in ["127.0.0.1:8001", "localhost:8001", "[::1]:8001"] {
      #expect(try credentials([config(cluster: "server: \"http://\(host)\"")]).server.isEncrypted == false)
    }
    for host in ["127.0.0.1.example", "10.0.0.1", "localhost.example"] {
      #expect(throws: APIError.self) { try credentials([config(cluster: "server: \"http://\(host)\"")]) }
    }
  }

  @Test func `A pod's account is found by the environment, unless KUBECONFIG is set`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pod = ["KUBERNETES_SERVICE_HOST": "fd00:10:96::1", "KUBERNETES_SERVICE_PORT": "443"]
    #expect(ClusterAccess(environment: pod, accountFolder: folder) == nil)
    for (name, text) in [("token", "first"), ("ca.crt", "CA")] {
      try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
    let access = try #require(ClusterAccess(environment: pod, accountFolder: folder))
    let credentials = try access.credentials()
    #expect("\(credentials.server)" == "https://[fd00:10:96::1]:443" && credentials.authority == Array("CA".utf8))
    #expect(try credentials.token?.header() == "Bearer first")
    try "second\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
    #expect(try credentials.token?.header() == "Bearer second")
    try "".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
    #expect(throws: APIError.self) { try credentials.token?.header() }
    let both = pod.merging(["KUBECONFIG": "/a:/b"], uniquingKeysWith: { $1 })
    #expect(ClusterAccess(environment: both, accountFolder: folder) == .kubeconfig(["/a", "/b"], context: nil))
    #expect(ClusterAccess(environment: [:], accountFolder: folder) == nil)
  }
}
