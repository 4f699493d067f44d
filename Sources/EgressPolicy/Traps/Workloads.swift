import ClusterModel

/// Pods, and the templates of those to come: what label selectors can select among what was given.
struct Workloads {
  /// Pods that are alike.
  struct Group {
    var reference: ObjectReference
    var labels: [String: String]
  }

  /// By namespace, in the order of names.
  private let groups: [String: [Group]]

  /// In order.
  private let all: [Group]

  init(_ pods: [Pod], _ templates: [Group]) {
    all = templates + inOrder(pods, { $0.metadata }).map { Group(reference: $0.reference, labels: $0.metadata.labels) }
    groups = Dictionary(grouping: all) { $0.reference.namespace ?? "" }
  }

  /// How many there are; of none, nothing can be said.
  var count: Int { all.count }

  /// Whether any are given of a namespace.
  func exist(in namespace: String) -> Bool { groups[namespace] != nil }

  /// What a selector selects in one namespace, or in all.
  func selected(by labels: [String: String], in namespace: String? = nil) -> [Group] {
    (namespace.map { groups[$0] ?? [] } ?? all).filter { $0.labels.satisfy(labels) }
  }

  /// One with a wanted value under another label: `app=egressgateway` where `istio=egressgateway` is wanted.
  func nearMiss(of wanted: [String: String]) -> (reference: ObjectReference, label: String)? {
    let values = Set(wanted.values)
    for group in all {
      if let label = group.labels.sorted(by: { $0.key < $1.key }).first(where: { values.contains($0.value) }) {
        return (group.reference, "\(label.key)=\(label.value)")
      }
    }
    return nil
  }
}

/// Labels as `kubectl` takes them: `app=a,tier=b`.
func selectorText(_ labels: [String: String]) -> String {
  labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
}

/// Services by the names that hosts of the mesh have.
struct Services {
  private let byName: [String: Service]

  /// In order of names.
  let all: [Service]

  init(_ services: [Service]) {
    all = inOrder(services) { $0.metadata }
    byName = Dictionary(all.map { ("\($0.metadata.name).\($0.metadata.namespace)", $0) }) { first, _ in first }
  }

  /// The Service that a host means, seen from a namespace: `name`, `name.namespace`, or with `.svc` and what follows.
  func named(_ host: String, from namespace: String) -> Service? {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count == 1 { return byName["\(host).\(namespace)"] }
    guard labels.count == 2 || labels[2] == "svc" else { return nil }
    return byName["\(labels[0]).\(labels[1])"]
  }

  /// Whether a host is one that only a ServiceEntry can give the mesh: no Service's, no address, not every host.
  func areBeside(_ host: String, from namespace: String) -> Bool {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count > 1, named(host, from: namespace) == nil, !labels.dropFirst(2).contains("svc") else {
      return false
    }
    let ending = labels[labels.count - 1]
    let isInside = ["local", "svc", "global", "internal"].contains(ending)
    return !isInside && !host.contains(":") && !ending.utf8.allSatisfy { (48...57).contains($0) }
  }
}
