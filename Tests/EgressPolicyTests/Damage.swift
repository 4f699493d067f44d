import ClusterModel
import SeededRandom

/// Damage of one value, after which the object says nothing new that is valid: parts are taken away, take another type,
/// become a word or a text that nobody knows, or an unknown field appears.
extension ManifestValue {
  /// This object with one of its values damaged.
  func damaged(using generator: inout Seeded) -> ManifestValue {
    damaged(at: Int.random(in: 0..<count, using: &generator), using: &generator)
  }

  /// How many values there are, this one included.
  private var count: Int {
    switch content {
    case .array(let elements): 1 + elements.reduce(0) { $0 + $1.count }
    case .object(let members): 1 + members.reduce(0) { $0 + $1.value.count }
    default: 1
    }
  }

  /// With the value damaged that is `place` values ahead in the order of the text.
  private func damaged(at place: Int, using generator: inout Seeded) -> ManifestValue {
    guard place > 0 else { return broken(using: &generator) }
    var rest = place - 1
    switch content {
    case .array(var elements):
      for index in elements.indices {
        guard rest >= elements[index].count else {
          elements[index] = elements[index].damaged(at: rest, using: &generator)
          break
        }
        rest -= elements[index].count
      }
      return ManifestValue(.array(elements))
    case .object(var members):
      for index in members.indices {
        guard rest >= members[index].value.count else {
          members[index].value = members[index].value.damaged(at: rest, using: &generator)
          break
        }
        rest -= members[index].value.count
      }
      return ManifestValue(.object(members))
    default: return self
    }
  }

  private func broken(using generator: inout Seeded) -> ManifestValue {
    switch (Int.random(in: 0..<4, using: &generator), content) {
    case (0, .array(var elements)) where !elements.isEmpty:
      elements.remove(at: Int.random(in: 0..<elements.count, using: &generator))
      return ManifestValue(.array(elements))
    case (0, .object(var members)) where !members.isEmpty:
      members.remove(at: Int.random(in: 0..<members.count, using: &generator))
      return ManifestValue(.object(members))
    case (1, .object(var members)):
      let word = ["x-unknown", "allowEverything", "Spec", "\u{202e}"].randomElement(using: &generator) ?? ""
      members.append(ManifestMember(name: word, value: ManifestValue(.bool(true))))
      return ManifestValue(.object(members))
    default: return garbage.randomElement(using: &generator) ?? ManifestValue(.null)
    }
  }
}

/// Values of every type that are no name, host, address, port or word of any enumeration.
private let garbage: [ManifestValue] = [
  .init(.null), .init(.bool(true)), .init(.bool(false)), .init(.integer(-7)), .init(.integer(99_999)),
  .init(.number("0.5")), .init(.string("")), .init(.string("${VAR}")), .init(.string("{{ .Values.x }}")),
  .init(.string("NO_SUCH_WORD")), .init(.string("no such thing!")), .init(.string("a\u{0}b")),
  .init(.string(String(repeating: "x", count: 3000))), .init(.string("10.1.1.300/99")), .init(.string("☂")),
  .init(.array([])), .init(.object([])), .init(.array([.init(.null)])), .init(.array([.init(.object([]))])),
  .init(.object([ManifestMember(name: "x-unknown", value: .init(.integer(1)))])),
]

/// Paths of what `whole` has and `rest` has not, from the object's root: `spec.ports[0].targetPort`. What became null is
/// gone; what became something else is `… changed`.
func lostPaths(_ whole: ManifestValue, _ rest: ManifestValue?, at path: String = "") -> [String] {
  switch (whole.content, rest?.content) {
  case (_, nil), (_, .null): return [path]
  case (.object(let members), .object):
    return members.flatMap { member in
      lostPaths(member.value, rest?[member.name], at: path.isEmpty ? member.name : "\(path).\(member.name)")
    }
  case (.array(let elements), .array(let others)):
    // Where one is missing, each of them may be the one.
    guard elements.count == others.count else { return elements.indices.map { "\(path)[\($0)]" } }
    return elements.indices.flatMap { lostPaths(elements[$0], others[$0], at: "\(path)[\($0)]") }
  default: return rest == whole ? [] : ["\(path) changed"]
  }
}
