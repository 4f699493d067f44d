import ClusterModel

/// What a watch tells.
enum WatchEvent: Sendable {
  /// An object is there now, or is as it is now.
  case put(ServedObject)

  /// An object is gone, or is none any more that was asked for.
  case remove(ObjectName, ResourceVersion)

  /// Nothing before this version is still to come.
  case bookmark(ResourceVersion)

  /// From where a later watch goes on.
  var version: ResourceVersion {
    switch self {
    case .put(let object): object.version
    case .remove(_, let version), .bookmark(let version): version
    }
  }

  /// Reads `{"type": …, "object": …}`.
  ///
  /// - Throws: what an ERROR event says; and for what is no event.
  init(reading bytes: [UInt8], as kind: ManifestKind?, of resource: APIResource) throws(APIError) {
    let (type, object) = try parts(of: bytes, resource)
    switch type {
    case "ADDED", "MODIFIED": self = .put(try ServedObject(reading: object, as: kind, of: resource))
    case "DELETED":
      // The object as it was before: its contents mean nothing any more.
      let last = try ServedObject(reading: object, as: nil, of: resource)
      self = .remove(last.name, last.version)
    case "BOOKMARK":
      guard let version = (try? ManifestValue(ofJSON: object))?["metadata"]?["resourceVersion"]?.scalarText else {
        throw APIError(.unreadable, "a bookmark without resourceVersion", on: "watch \(resource)")
      }
      self = .bookmark(ResourceVersion(version))
    case "ERROR":
      let status = try? ManifestValue(ofJSON: object, keeping: .named("code", "message"))
      let code = status?["code"]?.scalarText.flatMap { Int($0) } ?? 500
      throw APIError(
        status: code, message: status?["message"]?.scalarText, retryAfter: nil, asking: resource, verb: "watch")
    default: throw APIError(.unreadable, "an event of type \"\(shown(type, limit: 40))\"", on: "watch \(resource)")
    }
  }
}

/// Type and object of an event, without reading the object.
private func parts(of bytes: [UInt8], _ resource: APIResource) throws(APIError) -> (type: String, object: [UInt8]) {
  var cutter = JSONPieces(of: .list, limit: bytes.count)
  var members: [String: [UInt8]] = [:]
  do {
    for case .member(let name, let value) in try cutter.append(bytes) { members[name] = value }
    if let type = try members["type"].map({ bytes throws(JSONSyntaxError) in try ManifestValue(ofJSON: bytes) }),
      let text = type.scalarText, let object = members["object"], cutter.isComplete
    {
      return (text, object)
    }
  } catch { throw APIError(.unreadable, "what the server sent \(error.reason)", on: "watch \(resource)") }
  throw APIError(.unreadable, "something that is no event", on: "watch \(resource)")
}
