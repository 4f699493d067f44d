import Nftables

/// Something in one of moat's tables that the ruleset values have no word for.
///
/// Reading shows it as a counter whose name is `marker`: no ruleset of ours has such a counter, so the difference
/// deletes it, and deleting a counter of that name does what it takes.
///
/// Other things that are not ours are marked where they stand: a rule that the values cannot say has no statements and a
/// comment that begins with `not moat's:`; so has the only rule of a base chain of another type, whose hook is one that
/// cannot be ours (`Hook.foreign`); a set or map of another kind, or with an element that is more than a key, has no type
/// and no elements.
enum ForeignObject: Hashable {
  /// A named object that is no counter, of type NFT_OBJECT_*.
  case object(type: UInt32, name: String)

  case flowtable(name: String)

  /// The table is switched off (NFT_TABLE_F_DORMANT); its flags.
  case dormancy(flags: UInt32)

  /// The counter's name.
  var marker: String {
    switch self {
    case .object(let type, let name): notOurs("object \(type) \(name)")
    case .flowtable(let name): notOurs("flowtable 0 \(name)")
    case .dormancy(let flags): notOurs("flags \(flags) dormant")
    }
  }

  /// What `marker` stands for; `nil` for the name of a counter.
  init?(marker: String) {
    guard marker.hasPrefix(notOursPrefix) else { return nil }
    let words = marker.dropFirst(notOursPrefix.count).split(separator: " ", maxSplits: 2).map(String.init)
    guard words.count == 3, let number = UInt32(words[1]) else { return nil }
    switch words[0] {
    case "object": self = .object(type: number, name: words[2])
    case "flowtable": self = .flowtable(name: words[2])
    case "flags": self = .dormancy(flags: number)
    default: return nil
    }
  }
}

private let notOursPrefix = "not moat's: "

extension Hook {
  /// The hook shown for a base chain of another type or hook. Its priority comes before connection tracking's own
  /// preparation, so that no chain of ours has it.
  static let foreign = Hook(.prerouting, priority: .min, policy: .accept)
}

/// The mark of something that moat did not make.
func notOurs(_ what: String) -> String { notOursPrefix + what }
