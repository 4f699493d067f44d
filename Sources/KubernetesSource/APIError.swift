import ClusterModel

/// Why the API server could not be asked, or what it answered instead.
package struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What follows from it.
  package enum Kind: Hashable, Sendable {
    /// There is no connection, or it ended before the answer did.
    case unreachable

    /// kubeconfig, token or certificates cannot be read or used.
    case credentials

    /// 401: the server does not know who asks.
    case unauthorized

    /// 403: whoever asks may not.
    case forbidden

    /// 404: there is no such resource.
    case absent

    /// 410, or 504 for a version that the server does not have yet: everything must be listed again.
    case outdated

    /// 429, and 5xx: to be asked again later, after this time where the server says one.
    case busy(Duration?)

    /// Something that no API server sends, or more than moat reads.
    case unreadable
  }

  /// What follows from it.
  package var kind: Kind

  /// What was asked: `watch pods`; empty where it does not matter.
  package var subject: String

  /// What happened, and what to do where that is not plain.
  package var reason: String

  init(_ kind: Kind, _ reason: String, on subject: String = "") {
    self.kind = kind
    self.subject = subject
    self.reason = reason
  }

  /// One printable line without a final stop.
  package var description: String { subject.isEmpty ? reason : "\(subject): \(reason)" }
}

extension APIError {
  /// What a status other than 200 means, or an ERROR event's.
  ///
  /// - Parameters:
  ///   - status: the HTTP status, or the `code` of the Status object.
  ///   - message: what the Status object says, if there is one.
  init(status: Int, message: String?, retryAfter: Duration?, asking resource: APIResource, verb: String) {
    let words = shown(message ?? "HTTP status \(status)", limit: 400)
    let subject = "\(verb) \(resource)"
    let verbs = ["create", "patch"].contains(verb) ? "verb \(verb)" : "verbs list and watch"
    switch status {
    case 401:
      self.init(
        .unauthorized, "the API server does not know who asks (\(words)); check token or certificate", on: subject)
    case 403:
      self.init(
        .forbidden,
        "forbidden; grant the \(verbs) on \(resource.plural) of API group \"\(resource.group)\" by a "
          + "ClusterRole (\(words))", on: subject)
    case 404: self.init(.absent, "the API server does not serve it (\(words))", on: subject)
    case 410: self.init(.outdated, words, on: subject)
    case 504 where words.contains("resource version"): self.init(.outdated, words, on: subject)
    default: self.init(.busy(retryAfter), words, on: subject)
    }
  }
}
