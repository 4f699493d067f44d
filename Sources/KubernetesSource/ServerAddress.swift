import ClusterModel
import FoundationEssentials
import NetworkValues

/// The URL of an API server.
struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name or an address, without brackets.
  var host: String
  var port: Int
  var isEncrypted: Bool

  /// What stands before every path, as with a proxy for many clusters; empty or beginning with a slash.
  var prefix: String

  /// `https://HOST[:PORT][/PREFIX]`.
  ///
  /// - Parameter field: what holds the URL, for messages.
  /// - Throws: for anything else, and for `http` to another machine: whoever is on the way could write the policy.
  init(parsing text: String, in field: String) throws(APIError) {
    let fault = { (reason: String) in APIError(.credentials, "\(field): \"\(shown(text, limit: 120))\" \(reason)") }
    guard let parts = URLComponents(string: text, encodingInvalidCharacters: false), let scheme = parts.scheme,
      let name = parts.encodedHost, isHost(name), parts.user == nil, parts.query == nil, parts.fragment == nil,
      scheme == "https" || scheme == "http"
    else { throw fault("is no URL of an API server, such as https://10.0.0.1:6443") }
    host = name.hasPrefix("[") ? String(name.dropFirst().dropLast()).replacing("%25", with: "%") : name
    isEncrypted = scheme == "https"
    port = parts.port ?? (isEncrypted ? 443 : 80)
    let path = parts.percentEncodedPath
    prefix = path.hasSuffix("/") ? String(path.dropLast()) : path
    guard isEncrypted || isLoopback else {
      throw fault("is not encrypted: whoever is on the way could write the policy; use https")
    }
    guard (1...65_535).contains(port) else { throw fault("has no port that there is") }
  }

  private var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") && address != nil }

  /// The host where it is an address.
  var address: IPAddress? { try? IPAddress(parsing: host) }

  /// `Host` of a request.
  var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

  var description: String { (isEncrypted ? "https://" : "http://") + authority + prefix }
}

/// Whether a name or an address may be that, as it is written in a URL: elsewhere than before the zone of an IPv6 address
/// an escape may stand for anything.
private func isHost(_ text: String) -> Bool {
  let marks = text.hasPrefix("[") ? "[:.%-_]" : ".-_"
  return !text.isEmpty
    && text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || marks.utf8.contains(byte)
    }
}
