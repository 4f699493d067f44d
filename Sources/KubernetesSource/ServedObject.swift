import ClusterModel

/// What tells objects of a kind apart.
struct ObjectName: Hashable, Sendable {
  /// Empty where the kind has none.
  var namespace: String
  var name: String
}

/// The moment at which an object, or a list, was as it was told. Meaningful to the server that gave it.
struct ResourceVersion: Hashable, Sendable {
  var text: String

  init(_ text: String) { self.text = text }

  /// Whether this is certainly earlier than `other`. See: KEP-5504
  func isBefore(_ other: ResourceVersion) -> Bool {
    guard let own = UInt64(text), let others = UInt64(other.text) else { return false }
    return own < others
  }
}

/// An object as the API server gave it.
struct ServedObject: Sendable {
  let name: ObjectName
  let version: ResourceVersion

  /// What it adds to a snapshot. An object that cannot be read adds that it was there, and why it was not read (S11).
  let contents: ClusterSnapshot

  /// Reads an object of a list or a watch.
  ///
  /// - Parameter kind: is believed, whatever the object says: metadata alone comes as another kind, lists leave it out.
  ///   Absent, where the name is all that is wanted.
  /// - Throws: where it has no name or version: then it is not from an API server.
  init(reading bytes: [UInt8], as kind: ManifestKind?, of resource: APIResource) throws(APIError) {
    let value: ManifestValue
    var fault: Misunderstanding?
    do { value = try ManifestValue(ofJSON: bytes, keeping: kind?.keptFields ?? .only(["metadata": .metadata])) } catch {
      value = try metadataAlone(bytes, resource)
      fault = Misunderstanding(path: "", value: "", reason: error.reason)
    }
    let metadata = value["metadata"]
    guard let name = metadata?["name"]?.scalarText, let version = metadata?["resourceVersion"]?.scalarText else {
      throw APIError(.unreadable, "an object without name or resourceVersion", on: "\(resource)")
    }
    let own = ObjectName(namespace: metadata?["namespace"]?.scalarText ?? "", name: name)
    self.name = own
    self.version = ResourceVersion(version)
    contents = kind.map { decoded(value, $0, own, resource.version, fault) } ?? ClusterSnapshot()
  }
}

/// What an object of a kind that moat reads adds to a snapshot.
private func decoded(
  _ value: ManifestValue, _ kind: ManifestKind, _ name: ObjectName, _ version: String, _ fault: Misunderstanding?
) -> ClusterSnapshot {
  if let fault { return unread(kind, name, fault) }
  do {
    let apiVersion = kind.group.isEmpty ? version : "\(kind.group)/\(version)"
    return try ClusterObject(reading: complete(value, kind.rawValue, apiVersion)).contents
  } catch { return unread(kind, name, error.misunderstanding) }
}

/// The object's metadata, of an object that is not to be read as a whole.
private func metadataAlone(_ bytes: [UInt8], _ resource: APIResource) throws(APIError) -> ManifestValue {
  do { return try ManifestValue(ofJSON: bytes, keeping: .only(["metadata": .metadata])) } catch {
    throw APIError(.unreadable, "an object that is no JSON: \(error.reason)", on: "\(resource)")
  }
}

/// An object with its kind and version.
private func complete(_ value: ManifestValue, _ kind: String, _ apiVersion: String) -> ManifestValue {
  guard case .object(let members) = value.content else { return value }
  let head = [
    ManifestMember(name: "apiVersion", value: ManifestValue(.string(apiVersion))),
    ManifestMember(name: "kind", value: ManifestValue(.string(kind))),
  ]
  return ManifestValue(.object(head + members))
}

/// What an object adds that was there and could not be read.
private func unread(_ kind: ManifestKind, _ name: ObjectName, _ fault: Misunderstanding) -> ClusterSnapshot {
  var contents = ClusterSnapshot()
  let namespace = name.namespace.isEmpty ? nil : name.namespace
  contents.problems = [
    ObjectProblem(
      object: ObjectReference(kind: kind.rawValue, namespace: namespace, name: name.name), misunderstanding: fault)
  ]
  contents.unreadKinds = [kind.rawValue]
  return contents
}
