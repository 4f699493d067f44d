import ClusterModel
import SeededRandom

/// A text with one to four bytes deleted, doubled, replaced or exchanged.
func mutate(_ text: [UInt8], seed: UInt64) -> [UInt8] {
  var generator = Seeded(seed)
  var result = text
  for _ in 0..<Int.random(in: 1...4, using: &generator) where !result.isEmpty {
    let place = Int.random(in: 0..<result.count, using: &generator)
    let length = min(Int.random(in: 1...8, using: &generator), result.count - place)
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: result.removeSubrange(place..<(place + length))
    case 1: result.insert(contentsOf: Array(result[place..<(place + length)]), at: place)
    case 2: result[place] = UInt8.random(in: 0...255, using: &generator)
    case 3: result[place] = Array("{}[]:,-&*!?|>'\"%#\n\t 0".utf8).randomElement(using: &generator) ?? 0
    default: result.swapAt(place, Int.random(in: 0..<result.count, using: &generator))
    }
  }
  return result
}

extension ManifestValue {
  /// The tree with one of its nodes deleted, doubled, renamed or replaced by a value that decoders may stumble over.
  func mutated(seed: UInt64) -> ManifestValue {
    var generator = Seeded(seed)
    var target = Int.random(in: 0..<nodeCount, using: &generator)
    return mutated(at: &target, using: &generator)
  }

  /// How many values the tree has, itself included.
  var nodeCount: Int {
    switch content {
    case .array(let elements): 1 + elements.reduce(0) { $0 + $1.nodeCount }
    case .object(let members): 1 + members.reduce(0) { $0 + $1.value.nodeCount }
    default: 1
    }
  }

  /// Changes the node that is `target` places ahead in the order of the text.
  private func mutated(at target: inout Int, using generator: inout Seeded) -> ManifestValue {
    if target == 0 {
      target -= 1
      return changed(using: &generator)
    }
    target -= 1
    switch content {
    case .array(let elements):
      return ManifestValue(
        .array(elements.map { target < 0 ? $0 : $0.mutated(at: &target, using: &generator) }), line: Int(line))
    case .object(let members):
      let changed = members.map { member in
        let value = target < 0 ? member.value : member.value.mutated(at: &target, using: &generator)
        return ManifestMember(name: member.name, value: value)
      }
      return ManifestValue(.object(changed), line: Int(line))
    default: return self
    }
  }

  private func changed(using generator: inout Seeded) -> ManifestValue {
    let strange: [ManifestValue] = [
      nil, true, false, 0, -1, 65536, 443, [], [:], "", "*", "${VAR}", "EXTERNAL_SERVICE", "ALL", "10.0.0.1/8", "::/0",
      "a.example", "default", ManifestValue(.number("1.5")), [nil], ["name": "x"], ["number": 0],
      ManifestValue(.number("99999999999999999999")), "\u{202e}x\n",
    ]
    switch (Int.random(in: 0..<4, using: &generator), content) {
    case (0, .array(var elements)) where !elements.isEmpty:
      let place = Int.random(in: 0..<elements.count, using: &generator)
      if Bool.random(using: &generator) { elements.remove(at: place) } else { elements.append(elements[place]) }
      return ManifestValue(.array(elements))
    case (0, .object(var members)) where !members.isEmpty:
      members.remove(at: Int.random(in: 0..<members.count, using: &generator))
      return ManifestValue(.object(members))
    case (1, .object(var members)) where !members.isEmpty:
      members[Int.random(in: 0..<members.count, using: &generator)].name += "X"
      return ManifestValue(.object(members))
    case (2, .string(let text)): return ManifestValue(.string(String(text.reversed())))
    default: return strange.randomElement(using: &generator) ?? nil
    }
  }
}
