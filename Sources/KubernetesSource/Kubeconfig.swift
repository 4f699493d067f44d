import ClusterModel
import FoundationEssentials
import ManifestSource

/// kubeconfig files: contexts, clusters and users.
///
/// See: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig
struct Kubeconfig {
  /// A named entry, and the folder to which its paths are relative.
  private struct Entry {
    var fields: ManifestValue
    var folder: String

    /// `clusters[name=prod].cluster`, for messages.
    var place: String
  }

  private var entries: [String: [String: Entry]] = ["contexts": [:], "clusters": [:], "users": [:]]
  private var currentContext: String?
  private let files: [String]

  /// Reads the files; of what several name, the first counts.
  init(files: [String]) throws(APIError) {
    self.files = files
    for file in files { try read(file) }
  }

  private mutating func read(_ file: String) throws(APIError) {
    let text = String(decoding: try contents(ofFile: file, for: "the kubeconfig"), as: UTF8.self)
    guard let root = manifestValue(ofYAML: text), case .object = root.content else {
      throw APIError(.credentials, "\(file): is no kubeconfig in YAML")
    }
    if currentContext == nil, let name = root["current-context"]?.scalarText, !name.isEmpty { currentContext = name }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    for (list, member) in [("contexts", "context"), ("clusters", "cluster"), ("users", "user")] {
      guard case .array(let elements) = root[list]?.content else { continue }
      for element in elements {
        guard let name = element["name"]?.scalarText, entries[list]?[name] == nil else { continue }
        entries[list]?[name] = Entry(
          fields: element[member] ?? ManifestValue(.null), folder: folder,
          place: "\(file): \(list)[name=\(shown(name, limit: 60))].\(member)")
      }
    }
  }

  /// The server and the user of a context.
  func credentials(context: String?) throws(APIError) -> APICredentials {
    guard let name = context ?? currentContext else {
      throw APIError(.credentials, "\(names): has no current-context; choose one with --context: \(known("contexts"))")
    }
    let context = try entry("contexts", name)
    let cluster = try entry("clusters", try required(context, "cluster"))
    let user = try entry("users", try required(context, "user"))
    try refuse(cluster, refusedOfClusters)
    try refuse(user, refusedOfUsers)
    var credentials = APICredentials(
      server: try ServerAddress(parsing: try required(cluster, "server"), in: "\(cluster.place).server"))
    credentials.authority = try data(cluster, "certificate-authority")
    credentials.certificate = try data(user, "client-certificate")
    credentials.key = try data(user, "client-key")
    guard (credentials.certificate == nil) == (credentials.key == nil) else {
      throw APIError(.credentials, "\(user.place): client-certificate and client-key belong together; one is missing")
    }
    if let file = text(user, "tokenFile") {
      credentials.token = .file(path(file, in: user))
    } else if let token = text(user, "token") {
      credentials.token = .text(token)
    }
    return credentials
  }

  private var names: String { files.joined(separator: ":") }

  private func known(_ list: String) -> String {
    let names = (entries[list] ?? [:]).keys.sorted().map { shown($0, limit: 60) }
    return names.isEmpty ? "there is none" : names.joined(separator: ", ")
  }

  private func entry(_ list: String, _ name: String) throws(APIError) -> Entry {
    if let entry = entries[list]?[name] { return entry }
    throw APIError(
      .credentials, "\(names): \(list) has no \(shown(name, limit: 60)); it has: \(known(list))")
  }

  private func text(_ entry: Entry, _ field: String) -> String? {
    guard let text = entry.fields[field]?.scalarText, !text.isEmpty else { return nil }
    return text
  }

  private func required(_ entry: Entry, _ field: String) throws(APIError) -> String {
    if let text = text(entry, field) { return text }
    throw APIError(.credentials, "\(entry.place).\(field): is missing")
  }

  private func path(_ file: String, in entry: Entry) -> String {
    file.hasPrefix("/") ? file : "\(entry.folder)/\(file)"
  }

  /// `FIELD-data` as Base64, else the file that `FIELD` names.
  private func data(_ entry: Entry, _ field: String) throws(APIError) -> [UInt8]? {
    if let text = text(entry, field + "-data") {
      if let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) { return [UInt8](data) }
      throw APIError(.credentials, "\(entry.place).\(field)-data: is not Base64")
    }
    return try text(entry, field).map { file throws(APIError) in
      try contents(ofFile: path(file, in: entry), for: field)
    }
  }

  private func refuse(_ entry: Entry, _ fields: [(name: String, remedy: String)]) throws(APIError) {
    for (name, remedy) in fields {
      guard let value = entry.fields[name]?.content, value != .null, value != .bool(false), value != .string("") else {
        continue
      }
      throw APIError(.credentials, "\(entry.place).\(name): \(remedy)")
    }
  }
}

/// What would lead elsewhere than it says if it were ignored.
private let refusedOfClusters = [
  (
    "insecure-skip-tls-verify",
    "is refused: whoever answered in the server's place would write the policy; give certificate-authority"
  ), ("proxy-url", "is not supported; give a server that can be reached directly"),
  ("tls-server-name", "is not supported; give a server by a name that is in its certificate"),
]

private let refusedOfUsers = [
  (
    "exec",
    "is refused: moat runs no programs for credentials; give token, tokenFile or a client certificate, for "
      + "instance a ServiceAccount's token"
  ), ("auth-provider", "is refused: moat knows no providers; give token, tokenFile or a client certificate"),
  ("username", "is refused: API servers have no passwords any more; give token, tokenFile or a client certificate"),
  ("password", "is refused: API servers have no passwords any more; give token, tokenFile or a client certificate"),
  ("as", "is not supported: moat asks as itself; give the credentials of whom it shall be"),
  ("as-groups", "is not supported: moat asks as itself; give the credentials of whom it shall be"),
]
