import Foundation
import Glibc
import NamespaceLab
import Synchronization

/// A real kube-apiserver with its etcd, and kubectl's proxy to speak to it.
///
/// Certificates, accounts and data are its own; processes are ended by their id when this value is gone, also after a
/// test that failed.
package final class APIServer: Sendable {
  private struct Programs {
    var etcd: RunningProgram?
    var server: RunningProgram?
    var proxy: RunningProgram?
  }

  /// Where it runs.
  package let place: ServerPlace

  /// The port that it listens on.
  package let port: UInt16

  let files: ServerFiles
  private let assets: String

  /// Whether Services have addresses of both families of themselves: since 1.23.
  private let hasDualStack: Bool
  private let etcdPort: UInt16
  private let proxyPort: UInt16
  private let programs = Mutex(Programs())

  /// Starts everything and waits until the server is ready.
  package init(at place: ServerPlace) throws {
    self.place = place
    assets = try assetsFolder()
    let version = try runProgram(["\(assets)/kube-apiserver", "--version"]).output
    hasDualStack = !["v1.20.", "v1.21.", "v1.22."].contains { version.contains($0) }
    files = try ServerFiles(address: place.address)
    let ports = try place.freePorts(3)
    (port, etcdPort, proxyPort) = (ports[0], ports[1], ports[2])
    try writeAdministrator()
    try writeAuditPolicy()
    try startStorage()
    try start()
  }

  deinit {
    let all = programs.withLock { $0 }
    for program in [all.proxy, all.server, all.etcd] { program?.stop() }
  }

  /// `https://172.18.0.10:6443`.
  package var url: String { "https://\(place.address):\(port)" }

  /// The administrator's kubeconfig, for clients on the server's host.
  package var administrator: String { files.file("admin.kubeconfig") }

  /// The certificate authority's file.
  package var authority: String { files.file("ca.crt") }

  /// Starts the server, with the data that are there, and waits until it is ready.
  package func start() throws {
    let server = try place.start(serverCommand)
    // A proxy's connection to a server that was killed may stand for most of a minute.
    programs.withLock { $0.proxy }?.stop()
    let proxy = try place.start(proxyCommand)
    programs.withLock { ($0.server, $0.proxy) = (server, proxy) }
    let deadline = ContinuousClock.now + .seconds(90)
    while (try? get("/readyz").status) != 200 {
      guard ContinuousClock.now < deadline else { throw ServerLabError("not ready: \(server.text.suffix(4000))") }
      usleep(100_000)
    }
  }

  /// Ends the server by a signal and waits until it is gone; etcd goes on.
  package func end(_ signal: Int32) throws {
    guard let server = programs.withLock({ $0.server }) else { return }
    kill(server.process, signal)
    _ = try server.wait(.seconds(90))
  }

  /// Sends a signal, and does not wait.
  package func send(_ signal: Int32) { _ = programs.withLock { $0.server }.map { kill($0.process, signal) } }

  /// Forgets all of etcd's past: older versions of objects cannot be asked for any more.
  package func compact() throws {
    let range = try request("POST", "/v3/kv/range", #"{"key":"AA=="}"#, port: etcdPort)
    guard let header = range.json["header"] as? [String: Any], let revision = header["revision"] as? String else {
      throw ServerLabError("etcd: \(range.text)")
    }
    let done = try request("POST", "/v3/kv/compaction", #"{"revision":"\#(revision)","physical":true}"#, port: etcdPort)
    guard done.status == 200 else { throw ServerLabError("etcd: \(done.text)") }
  }

  /// Runs Debian's kubectl as administrator.
  @discardableResult
  package func kubectl(_ arguments: [String]) throws -> String {
    let command = ["\(assets)/kubectl", "--kubeconfig", files.file("admin.kubeconfig")] + arguments
    let result = try place.start(command).wait()
    guard result.status == 0 else { throw ServerLabError("kubectl \(arguments): \(result.text)") }
    return result.output
  }

  /// A request as administrator, by kubectl's proxy.
  package func request(_ method: String, _ path: String, _ body: String = "") throws -> PlainResponse {
    try request(method, path, body, port: proxyPort)
  }

  /// A connection to kubectl's proxy, for many requests.
  package func client() throws -> PlainClient {
    try place.inside { PlainClient(try PlainSocket(to: "127.0.0.1", port: proxyPort)) }
  }

  /// A GET as administrator.
  package func get(_ path: String) throws -> PlainResponse { try request("GET", path) }

  private func request(_ method: String, _ path: String, _ body: String, port: UInt16) throws -> PlainResponse {
    let socket = try place.inside { try PlainSocket(to: "127.0.0.1", port: port) }
    return try PlainClient(socket).request(method, path, body)
  }
}

extension APIServer {
  private func writeAdministrator() throws {
    try files.write(
      kubeconfig(server: "https://127.0.0.1:\(port)", user: administratorCertificate),
      to: "admin.kubeconfig")
  }

  /// What the administrator's kubeconfig says of its user.
  package var administratorCertificate: [String: String] {
    ["client-certificate": files.file("admin.crt"), "client-key": files.file("admin.key")]
  }

  private func startStorage() throws {
    let peers = "http://127.0.0.1:\(try place.freePorts(1)[0])"
    let clients = "http://127.0.0.1:\(etcdPort)"
    let etcd = try place.start([
      "\(assets)/etcd", "--data-dir", files.file("etcd"), "--listen-client-urls", clients, "--advertise-client-urls",
      clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster",
      "default=\(peers)",
    ])
    programs.withLock { $0.etcd = etcd }
  }

  private var proxyCommand: [String] {
    [
      "\(assets)/kubectl", "--kubeconfig", files.file("admin.kubeconfig"), "proxy", "--port", "\(proxyPort)",
      "--disable-filter=true",
    ]
  }

  /// No controllers run: nobody makes accounts' tokens or default accounts, so that no pod can want them.
  private var serverCommand: [String] {
    let reconciler: [String] =
      switch place {
      case .loopback: ["--endpoint-reconciler-type=none"]
      case .node: ["--advertise-address=\(place.address)"]
      }
    return [
      "\(assets)/kube-apiserver", "--etcd-servers=http://127.0.0.1:\(etcdPort)", "--bind-address=\(place.bindAddress)",
      "--secure-port=\(port)", "--tls-cert-file=\(files.file("server.crt"))",
      "--tls-private-key-file=\(files.file("server.key"))", "--client-ca-file=\(files.file("ca.crt"))",
      "--authorization-mode=Node,RBAC", "--service-account-issuer=https://kubernetes.default.svc",
      "--service-account-signing-key-file=\(files.file("accounts.key"))",
      "--service-account-key-file=\(files.file("accounts.key"))", "--cert-dir=\(files.path)",
      "--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112",
      "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true", "--profiling=false",
    ] + auditOptions + reconciler + (hasDualStack ? [] : ["--feature-gates=IPv6DualStack=true"])
  }

  /// A kubeconfig with one context, `test`.
  package func kubeconfig(server: String? = nil, user: [String: String]) -> String {
    let fields = user.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)\n" }.joined()
    return """
      apiVersion: v1
      kind: Config
      current-context: test
      contexts: [{ name: test, context: { cluster: test, user: test } }]
      clusters: [{ name: test, cluster: { server: "\(server ?? url)", certificate-authority: "\(authority)" } }]
      users:
      - name: test
        user:
      \(fields)
      """
  }
}

extension ServerPlace {
  fileprivate var bindAddress: String {
    switch self {
    case .loopback: "127.0.0.1"
    case .node: "0.0.0.0"
    }
  }
}

/// Where kube-apiserver, etcd and kubectl are. `Tests/kube-apiserver` fills the folder.
private func assetsFolder() throws -> String {
  let environment = ProcessInfo.processInfo.environment
  let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "/root")/.cache"
  let folder = environment["KUBEBUILDER_ASSETS"] ?? "\(cache)/moat/kube-apiserver-1.20.2"
  for program in ["kube-apiserver", "etcd", "kubectl"] where access("\(folder)/\(program)", X_OK) != 0 {
    throw ServerLabError("there is no \(folder)/\(program); run Tests/kube-apiserver")
  }
  return folder
}
