import FoundationEssentials
import ManifestSource

/// Where moat finds the API server, and who it is to it.
package enum ClusterAccess: Hashable, Sendable {
  /// The ServiceAccount of the pod that moat runs in: `folder` holds its token and the cluster's certificate authority.
  case inCluster(server: String, folder: String)

  /// kubeconfig files, of which the first that names something counts; the context, or the current one.
  case kubeconfig([String], context: String?)

  /// The folder in which every pod finds its ServiceAccount.
  package static let accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// What the environment offers: `KUBECONFIG`, else the pod's ServiceAccount; `nil` where there is neither.
  package init?(environment: [String: String], context: String? = nil, accountFolder: String = Self.accountFolder) {
    let files = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
    if !files.isEmpty {
      self = .kubeconfig(files, context: context)
      return
    }
    guard context == nil, let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      FileManager.default.fileExists(atPath: accountFolder + "/token")
    else { return nil }
    let port = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
    self = .inCluster(server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", folder: accountFolder)
  }

  /// For messages, where the server's address is not known.
  var origin: String {
    switch self {
    case .inCluster(let server, _): server
    case .kubeconfig(let files, let context): files.joined(separator: ":") + (context.map { ", context \($0)" } ?? "")
    }
  }

  /// Reads what is needed to connect. Files are read anew each time: tokens and certificates rotate.
  func credentials() throws(APIError) -> APICredentials {
    switch self {
    case .inCluster(let server, let folder):
      let authority = try contents(ofFile: folder + "/ca.crt", for: "the certificate authority")
      return APICredentials(
        server: try ServerAddress(parsing: server, in: "KUBERNETES_SERVICE_HOST"), authority: authority,
        token: .file(folder + "/token"))
    case .kubeconfig(let files, let context): return try Kubeconfig(files: files).credentials(context: context)
    }
  }
}

/// How to connect to an API server, and as whom.
struct APICredentials: Sendable {
  /// What is sent with every request.
  enum Token: Hashable, Sendable {
    case text(String)

    /// Read for every request, since it rotates.
    case file(String)
  }

  var server: ServerAddress

  /// PEM; absent: the host's own authorities.
  var authority: [UInt8]?

  /// PEM, of a client certificate and its key.
  var certificate: [UInt8]?
  var key: [UInt8]?
  var token: Token?
}

extension APICredentials.Token {
  /// `Bearer …`.
  func header() throws(APIError) -> String {
    switch self {
    case .text(let text): return "Bearer \(text)"
    case .file(let path):
      let text = String(decoding: try contents(ofFile: path, for: "the token"), as: UTF8.self)
      let words = text.split(whereSeparator: \.isWhitespace)
      guard words.count == 1, let token = words.first, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw APIError(.credentials, "\(path): holds no token")
      }
      return "Bearer \(token)"
    }
  }
}

/// A file's bytes, a mebibyte at most.
func contents(ofFile path: String, for purpose: String) throws(APIError) -> [UInt8] {
  do { return try contents(ofFile: path, atMost: 1 << 20) } catch {
    throw APIError(.credentials, "\(path): \(purpose) \(error.message)")
  }
}
