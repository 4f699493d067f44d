/// One object as it was read, from whatever source.
package struct ClusterObject: Sendable {
  /// What makes two readings the same object.
  package struct Identity: Hashable, Sendable {
    /// The API group; empty for the core group.
    package var group: String

    /// Kind, namespace and name.
    package var reference: ObjectReference
  }

  /// Which object it is.
  package let identity: Identity

  /// What it adds to a snapshot.
  package let contents: ClusterSnapshot

  /// Reads an object. What is not understood in it follows the rules of its kind (S11).
  ///
  /// - Throws: where kind, version or name are missing or wrong; nothing can be said about such an object.
  package init(reading value: ManifestValue) throws(ManifestFault) {
    let manifest = try Manifest(reading: value)
    identity = Identity(group: manifest.group, reference: manifest.reference)
    var contents = ClusterSnapshot()
    contents.add(manifest)
    self.contents = contents
  }
}
