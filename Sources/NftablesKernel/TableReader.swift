import CNetfilter
import Glibc
import Netlink
import Nftables

/// Reads one table, all of it at one generation.
struct TableReader {
  private let kernel: LibnftnlKernel
  private let id: TableID
  private let generation: Generation

  init(_ kernel: LibnftnlKernel, _ id: TableID, _ generation: Generation) {
    self.kernel = kernel
    self.id = id
    self.generation = generation
  }

  /// The table; `nil` where there is none.
  func table() throws(KernelError) -> Table? {
    guard let flags = try flags() else { return nil }
    var counters = try counters()
    if flags & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0 {
      counters.append(Counter(ForeignObject.dormancy(flags: flags).marker))
    }
    return Table(id: id, counters: counters, sets: try sets(), chains: try chains())
  }

  /// The table's flags (NFT_TABLE_F_*); `nil` where there is no such table.
  private func flags() throws(KernelError) -> UInt32? {
    var flags: UInt32 = 0
    do {
      try list(NFT_MSG_GETTABLE, NFTA_TABLE_NAME.rawValue, dump: false) { message in
        for attribute in message.attributes(after: 4) where attribute.type == UInt16(NFTA_TABLE_FLAGS.rawValue) {
          flags = attribute.bigEndian32 ?? 0
        }
      }
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
    return flags
  }

  private func counters() throws(KernelError) -> [Counter] {
    var counters: [Counter] = []
    try list(NFT_MSG_GETOBJ, NFTA_OBJ_TABLE.rawValue) { message in
      if let object = ListedObject(message), object.table == id.name { counters.append(object.counter) }
    }
    return try counters + flowtables()
  }

  private func flowtables() throws(KernelError) -> [Counter] {
    var markers: [Counter] = []
    try list(NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_TABLE.rawValue) { message in
      let attributes = Array(message.attributes(after: 4))
      let table = attributes.first { $0.type == UInt16(NFTA_FLOWTABLE_TABLE.rawValue) }
      let name = attributes.first { $0.type == UInt16(NFTA_FLOWTABLE_NAME.rawValue) }
      guard table?.text == id.name, let name else { return }
      markers.append(Counter(ForeignObject.flowtable(name: name.text).marker))
    }
    return markers
  }

  private func chains() throws(KernelError) -> [Chain] {
    var listed: [ListedChain] = []
    try list(NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE.rawValue) { message in
      if let chain = ListedChain(message), chain.table == id.name { listed.append(chain) }
    }
    let rules = try rules()
    return listed.map { chain in
      if let peculiarity = chain.peculiarity {
        return Chain(chain.name, hook: .foreign, rules: [Rule([], comment: notOurs(peculiarity))])
      }
      return Chain(chain.name, hook: chain.hook, rules: rules[chain.name] ?? [])
    }
  }

  private func rules() throws(KernelError) -> [String: [Rule]] {
    var rules: [String: [Rule]] = [:]
    try list(NFT_MSG_GETRULE, NFTA_RULE_TABLE.rawValue) { message in
      guard let listed = ListedRule(message, in: id.family), listed.table == id.name else { return }
      rules[listed.chain, default: []].append(listed.rule)
    }
    return rules
  }

  private func sets() throws(KernelError) -> [NamedSet] {
    var listed: [ListedSet] = []
    try list(NFT_MSG_GETSET, NFTA_SET_TABLE.rawValue) { message in
      if let set = ListedSet(message), set.table == id.name, !set.isAnonymous { listed.append(set) }
    }
    var sets: [NamedSet] = []
    for set in listed { sets.append(try namedSet(set)) }
    return sets
  }

  /// The set with its elements; one that is not ours without a type.
  private func namedSet(_ set: ListedSet) throws(KernelError) -> NamedSet {
    if let definition = set.definition {
      var collector = ElementCollector(definition)
      try list(NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE.rawValue, set: set.name) { collector.add($0) }
      if let elements = collector.elements() { return NamedSet(definition: definition, elements: elements) }
    }
    return NamedSet(definition: SetDefinition(name: set.name, type: [], kind: .hash(size: 0)), elements: .keys([]))
  }

  /// Asks for what the table holds. Every message must be of the reader's generation.
  private func list(
    _ message: nf_tables_msg_types, _ tableAttribute: UInt32, dump: Bool = true, set: String? = nil,
    _ body: (NetlinkMessage) -> Void
  ) throws(KernelError) {
    var isCurrent = true
    let operation = "read \(id)" + (set.map { " \($0)" } ?? "")
    try kernel.ask(
      message, family: id.family.number, dump: dump, for: operation,
      { buffer in
        buffer.putAttribute(UInt16(tableAttribute), text: id.name)
        if let set { buffer.putAttribute(UInt16(NFTA_SET_ELEM_LIST_SET.rawValue), text: set) }
      }
    ) { message in
      isCurrent = isCurrent && message.netfilterResource == UInt16(truncatingIfNeeded: generation.rawValue)
      body(message)
    }
    guard isCurrent else { throw .changed(operation) }
  }
}
