/// One object of a cluster as its manifest has it: what it is and what it is called are known, the rest is not read yet.
package struct Manifest: Sendable {
  /// `networking.gloo.solo.io`; empty for the core group.
  package let group: String

  /// `v2`.
  package let version: String

  /// The object's `kind`.
  package let kind: String

  /// Name, namespace and labels.
  package let metadata: Metadata

  /// The whole object.
  let root: ObjectReader

  /// Where the object begins, counted from 1; absent where unknown.
  package var line: Int? { root.reader.value.line == 0 ? nil : Int(root.reader.value.line) }

  /// `group/version`, or `version` for the core group.
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// `metadata.annotations`; `nil` where there are none.
  var annotations: ManifestReader? {
    guard let value = root[present: "metadata"]?.value["annotations"], value.content != .null else { return nil }
    return ManifestReader(value, path: FieldPath.root.field("metadata").field("annotations"))
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(
      kind: kind, namespace: metadata.namespace.isEmpty ? nil : metadata.namespace, name: metadata.name)
  }

  /// Reads `apiVersion`, `kind` and `metadata`.
  ///
  /// Objects of kinds that moat does not read need no name. Other metadata is ignored (S11).
  ///
  /// - Throws: where one of them is missing or wrong; nothing can be said about such an object.
  package init(reading value: ManifestValue) throws(ManifestFault) {
    root = try ManifestReader(value).object()
    kind = try root.required("kind").text()
    let parts = try root.required("apiVersion").text().split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let version = parts.last, !version.isEmpty, parts.count == 1 || !parts[0].isEmpty else {
      throw try root.required("apiVersion").fault("is no API version")
    }
    self.version = String(version)
    group = parts.count == 2 ? String(parts[0]) : ""
    let known = ManifestKind(rawValue: kind)
    if known == nil, root[present: "metadata"]?.value["name"]?.scalarText == nil {
      metadata = Metadata(name: "")
    } else {
      metadata = try root.required("metadata").metadata(
        isClusterScoped: known?.isClusterScoped ?? false, isKnown: known != nil)
    }
  }
}

extension ManifestReader {
  /// `metadata`, of which everything but the name may be missing.
  fileprivate func metadata(isClusterScoped: Bool, isKnown: Bool) throws(ManifestFault) -> Metadata {
    let fields = try object()
    guard isKnown else {
      return Metadata(
        name: fields["name"]?.value.scalarText ?? "", namespace: fields["namespace"]?.value.scalarText ?? "")
    }
    return Metadata(
      name: try fields.required("name").objectName(),
      namespace: isClusterScoped ? "" : try fields[present: "namespace"]?.objectName() ?? "default",
      uid: fields["uid"]?.value.scalarText, labels: try fields[present: "labels"]?.labelTexts() ?? [:])
  }

  /// A name as Kubernetes gives them to the kinds moat reads.
  ///
  /// See: https://kubernetes.io/docs/concepts/overview/working-with-objects/names
  func objectName() throws(ManifestFault) -> String {
    let text = try text()
    let isValid = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 46
    }
    guard isValid, text.utf8.count <= 253 else {
      throw fault("is no name: lower-case letters, digits, hyphens and dots, 253 at most")
    }
    return text
  }

  /// Labels that identify: values that are no strings keep their text.
  private func labelTexts() throws(ManifestFault) -> [String: String] {
    var result: [String: String] = [:]
    for member in try object().members { result[member.name] = member.value.scalarText }
    return result
  }
}
