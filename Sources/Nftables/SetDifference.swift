/// What happens to one named set; a set that stays as it is has no change.
enum SetChange {
  case add(NamedSet)
  case remove(name: String)

  /// Deleted and added again under the same name.
  case replace(NamedSet)

  /// A hash set gives some keys up and gets others.
  case update(SetDefinition, removed: [ElementKey], added: [ElementKey])

  /// Fails where `old` already serves as `new`.
  init?(from old: NamedSet?, to new: NamedSet?) {
    guard let new else {
      guard let old else { return nil }
      self = .remove(name: old.name)
      return
    }
    guard let old else {
      self = .add(new)
      return
    }
    self.init(from: old, to: new)
  }

  private init?(from old: NamedSet, to new: NamedSet) {
    if case .keys(let oldKeys) = old.elements, case .keys(let newKeys) = new.elements, old.holds(newKeys, of: new) {
      guard oldKeys != newKeys else { return nil }
      let (removed, added) = changes(from: oldKeys, to: newKeys)
      self = .update(new.definition, removed: removed, added: added)
    } else if old != new {
      self = .replace(new)
    } else {
      return nil
    }
  }

  /// The set whose users must let go of it for a moment.
  var replacedName: String? {
    if case .replace(let set) = self { set.name } else { nil }
  }

  func deletions(in table: TableID) -> [Operation] {
    switch self {
    case .remove(let name): [.deleteSet(table, name: name)]
    case .replace(let set): [.deleteSet(table, name: set.name)]
    case .add, .update: []
    }
  }

  func additions(in table: TableID) -> [Operation] {
    switch self {
    case .remove: return []
    case .add(let set), .replace(let set):
      let elements: [Operation] =
        set.elements.count == 0 ? [] : [.addElements(table, set.definition, set.elements)]
      return [.addSet(table, set.definition)] + elements
    case .update(let definition, let removed, let added):
      let deletion: [Operation] = removed.isEmpty ? [] : [.deleteElements(table, definition, .keys(removed))]
      let addition: [Operation] = added.isEmpty ? [] : [.addElements(table, definition, .keys(added))]
      return deletion + addition
    }
  }
}

extension NamedSet {
  /// Whether this set, as it stands, can hold `keys` of `other`: both hash sets of one type, and large enough.
  func holds(_ keys: [ElementKey], of other: NamedSet) -> Bool {
    guard definition.type == other.definition.type, definition.timeout == other.definition.timeout,
      case .hash(let size) = definition.kind,
      case .hash = other.definition.kind
    else { return false }
    return keys.count <= Int(size)
  }
}

/// The keys of `old` alone and of `new` alone. Both are sorted, and so are the results; linear.
private func changes(from old: [ElementKey], to new: [ElementKey]) -> (removed: [ElementKey], added: [ElementKey]) {
  var removed: [ElementKey] = []
  var added: [ElementKey] = []
  var oldIndex = 0
  var newIndex = 0
  while oldIndex < old.count, newIndex < new.count {
    if old[oldIndex] == new[newIndex] {
      oldIndex += 1
      newIndex += 1
    } else if old[oldIndex] < new[newIndex] {
      removed.append(old[oldIndex])
      oldIndex += 1
    } else {
      added.append(new[newIndex])
      newIndex += 1
    }
  }
  return (removed + old[oldIndex...], added + new[newIndex...])
}
