import ClusterModel

/// The hosts that ServiceEntries and ExternalServices declare, and to whom.
struct DeclaredHosts {
  /// Who declares a host.
  struct Declarer {
    var reference: ObjectReference
    var exportTo: [String]?
    var usesWaypoint: Bool

    /// Absent and empty lists mean every namespace.
    func isVisible(from namespace: String) -> Bool {
      guard let exportTo, !exportTo.isEmpty else { return true }
      return exportTo.contains { $0 == "*" || $0 == namespace || $0 == "." && namespace == reference.namespace }
    }
  }

  private var declarers: [String: [Declarer]] = [:]

  /// Sorted.
  private let names: [String]

  init(_ entries: [Named<ServiceEntry>], _ services: [ExternalService], _ namespaces: [NamedObject]) {
    let withWaypoint = Set(namespaces.filter { usesWaypoint($0.metadata.labels) }.map(\.metadata.name))
    for entry in entries {
      let one = Declarer(
        reference: entry.reference, exportTo: entry.content.exportTo,
        usesWaypoint: entry.content.usesWaypoint || withWaypoint.contains(entry.namespace))
      for host in entry.content.hosts { declarers[host.text, default: []].append(one) }
    }
    for service in inOrder(services, { $0.metadata }) {
      let one = Declarer(reference: service.reference, exportTo: nil, usesWaypoint: false)
      for host in service.hosts.compactMap(\.value) { declarers[host, default: []].append(one) }
    }
    names = declarers.keys.sorted()
  }

  /// Everybody who declares `host`, itself or by a wildcard over it. A wildcard is declared by names below it, too.
  func declarers(of host: String) -> [Declarer] {
    var found = [host, "*"].flatMap { declarers[$0] ?? [] }
    var rest = host[...]
    while let dot = rest.firstIndex(of: ".") {
      found += declarers["*" + rest[dot...]] ?? []
      rest = rest[rest.index(after: dot)...]
    }
    if host.hasPrefix("*.") { found += names.filter { covers(host, $0) }.flatMap { declarers[$0] ?? [] } }
    return found
  }

  /// A declared name that `host` may have been meant to be, and who declares it.
  func nearMiss(of host: String) -> (name: String, declarer: ObjectReference)? {
    let name = names.first { areAlike($0, host) }
    return name.flatMap { name in declarers[name]?.first.map { (name, $0.reference) } }
  }
}

private func usesWaypoint(_ labels: [String: String]) -> Bool {
  labels["istio.io/use-waypoint"].map { $0 != "none" } ?? false
}

/// Whether two names differ in one label, and there by two letters at most, or in their last label alone.
private func areAlike(_ one: String, _ other: String) -> Bool {
  let (left, right) = (one.split(separator: "."), other.split(separator: "."))
  guard left.count == right.count, left.count > 1 else { return false }
  let places = left.indices.filter { left[$0] != right[$0] }
  guard places.count == 1 else { return false }
  return places[0] == left.count - 1 || distance(Array(left[places[0]].utf8), Array(right[places[0]].utf8)) <= 2
}

/// How many letters must be put in, taken out or changed to make one text of another (Levenshtein).
private func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
  guard abs(one.count - other.count) <= 2 else { return 3 }
  var row = Array(0...other.count)
  for (index, letter) in one.enumerated() {
    var corner = row[0]
    row[0] = index + 1
    for place in other.indices {
      let change = corner + (letter == other[place] ? 0 : 1)
      corner = row[place + 1]
      row[place + 1] = min(change, min(row[place], corner) + 1)
    }
  }
  return row[other.count]
}
