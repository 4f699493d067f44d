/// Where in an object a value stands: `spec.ports[0].targetPort`. Cheap to extend; text is made only for messages.
struct FieldPath: CustomStringConvertible, Sendable {
  private indirect enum Step: Sendable {
    case root
    case field(String, of: Step)
    case index(Int, of: Step)
  }

  private let last: Step

  private init(_ last: Step) { self.last = last }

  /// The object itself.
  static let root = FieldPath(.root)

  func field(_ name: String) -> FieldPath { FieldPath(.field(name, of: last)) }

  func index(_ index: Int) -> FieldPath { FieldPath(.index(index, of: last)) }

  /// The name of the last field; empty for the root and for elements of lists.
  var lastName: String {
    if case .field(let name, _) = last { name } else { "" }
  }

  var description: String {
    var parts: [String] = []
    var step = last
    while true {
      switch step {
      case .root: return parts.reversed().joined()
      case .field(let name, let parent):
        if isPlain(name) {
          if case .root = parent { parts.append(name) } else { parts.append("." + name) }
        } else {
          parts.append("[\"\(shown(name, limit: 80))\"]")
        }
        step = parent
      case .index(let index, let parent):
        parts.append("[\(index)]")
        step = parent
      }
    }
  }
}

/// Whether a field name needs no quotes in a path.
private func isPlain(_ name: String) -> Bool {
  !name.isEmpty
    && name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }
}
