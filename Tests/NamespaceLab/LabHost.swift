import NetworkValues

/// A place in a lab that packets are sent from or arrive at.
package enum LabHost: Hashable, Sendable, CustomStringConvertible {
  /// A process of the node itself.
  case node(String)
  /// A pod, by `namespace/name`.
  case pod(String)
  /// An outside host; all of them live in one namespace and differ in their addresses.
  case outside(String)

  package var description: String {
    switch self {
    case .node(let name): "node \(name)"
    case .pod(let name): "pod \(name)"
    case .outside(let name): "outside host \(name)"
    }
  }

  /// The namespace that the host lives in.
  var place: Place {
    switch self {
    case .node(let name): .node(name)
    case .pod(let name): .pod(name)
    case .outside: .outside
    }
  }
}

/// A network namespace of a lab.
enum Place: Hashable, Sendable, CustomStringConvertible {
  case node(String)
  case pod(String)
  /// Holds every outside address and routes back to the nodes.
  case outside
  /// Holds the bridge between the nodes.
  case lan

  var description: String {
    switch self {
    case .node(let name): "node \(name)"
    case .pod(let name): "pod \(name)"
    case .outside: "outside"
    case .lan: "lan"
    }
  }

  /// Whether the namespace passes packets on between its interfaces.
  var forwards: Bool {
    switch self {
    case .node, .outside: true
    case .pod, .lan: false
    }
  }
}
