import CNetfilter
import Glibc
import Netlink
import Nftables

/// Whether the socket that writes moat's tables owns them.
///
/// See: linux/netfilter/nf_tables.h, NFT_TABLE_F_OWNER and NFT_TABLE_F_PERSIST
package enum TableOwnership: Hashable, Sendable {
  /// Tables have no flags: every process with CAP_NET_ADMIN can change them.
  case none

  /// Tables are owned by the socket and stay when it is closed. Linux 6.9 and later.
  case owned

  /// The flags of a table that is made. Never OWNER without PERSIST: such a table would go with its owner.
  var flags: UInt32 { self == .none ? 0 : UInt32(NFT_TABLE_F_OWNER.rawValue) | UInt32(NFT_TABLE_F_PERSIST) }
}

/// Whose a table is.
package enum TableStanding: Hashable, Sendable {
  /// There is no such table.
  case absent

  /// A table without flags, which cannot be owned afterwards.
  case plain

  /// A table that outlived its owner: everybody can change it, or own it.
  case orphaned

  /// The asking socket's own.
  case own

  /// Another socket's, by its netlink port.
  case foreign(port: UInt32)

  /// What GETTABLE says of a table, for the socket with the port `asking`.
  init(_ message: NetlinkMessage, asking: UInt32) {
    var (flags, owner): (UInt32, UInt32?) = (0, nil)
    for attribute in message.attributes(after: 4) {
      switch UInt32(attribute.type) {
      case NFTA_TABLE_FLAGS.rawValue: flags = attribute.bigEndian32 ?? 0
      case NFTA_TABLE_OWNER.rawValue: owner = attribute.bigEndian32
      default: break
      }
    }
    if let owner {
      self = owner == asking ? .own : .foreign(port: owner)
    } else {
      self = flags & UInt32(NFT_TABLE_F_PERSIST) == 0 ? .plain : .orphaned
    }
  }
}

extension LibnftnlKernel {
  /// Whose `table` is; takes a few microseconds.
  package func standing(of table: TableID) throws(KernelError) -> TableStanding {
    var standing = TableStanding.absent
    do {
      try ask(
        NFT_MSG_GETTABLE, family: table.family.number, dump: false, for: "read \(table)",
        { $0.putAttribute(UInt16(NFTA_TABLE_NAME.rawValue), text: table.name) }
      ) { standing = TableStanding($0, asking: port) }
    } catch {
      guard error.code == ENOENT else { throw error }
    }
    return standing
  }

  /// Makes this socket the owner of moat's tables, as far as it owns tables at all: orphans at once, in a batch of their
  /// own (the kernel refuses to add base chains in the batch that adopts); plain tables with the next commit that changes
  /// them, which replaces them whole and without a gap.
  ///
  /// - Returns: the tables and whose they were before; without ownership nothing is changed.
  /// - Throws: `KernelError` that names the owner where another living process owns a table.
  @discardableResult
  package func adopt() throws(KernelError) -> [TableID: TableStanding] {
    var standings: [TableID: TableStanding] = [:]
    for table in ownTables {
      let standing = try standing(of: table)
      if case .foreign(let port) = standing { throw ownedByAnother(table, port: port) }
      standings[table] = standing
    }
    guard ownership == .owned else { return standings }
    try own(ownTables.filter { standings[$0] == .orphaned })
    replaced = Set(ownTables.filter { standings[$0] == .plain })
    return standings
  }

  /// Whether nobody changed moat's tables since `generation`: it is still the current one, or, where another table was
  /// changed, ours are still this socket's own. Takes a few microseconds; without ownership a later generation means
  /// that the ruleset must be read.
  package func isUndisturbed(since generation: Generation) throws(KernelError) -> Bool {
    if try self.generation() == generation { return true }
    guard ownership == .owned else { return false }
    for table in ownTables {
      switch try standing(of: table) {
      case .own, .absent: continue
      case .plain, .orphaned, .foreign: return false
      }
    }
    return true
  }

  /// See: `NftablesBackend.generation(undisturbedSince:)`
  package func generation(undisturbedSince generation: Generation) throws(KernelError) -> Generation? {
    let current = try self.generation()
    return try isUndisturbed(since: generation) ? current : nil
  }

  /// Sets the flags of ownership on orphans.
  private func own(_ orphans: [TableID]) throws(KernelError) {
    guard !orphans.isEmpty else { return }
    var batch = NetlinkBatch()
    batch.begin(
      subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: nil, sequence: socket.takeSequence(orphans.count + 2))
    for (step, table) in orphans.enumerated() { try batch.addTable(table, flags: ownership.flags, step: step) }
    batch.end()
    do {
      try socket.commit(batch, for: "own tables")
    } catch {
      throw explained(KernelError("own \(orphans.map(\.description).joined(separator: " and "))", error), orphans)
    }
  }
}

extension LibnftnlKernel {
  /// Whether this kernel knows tables that are owned and stay: makes one and deletes it, in one batch.
  ///
  /// - Throws: `KernelError` where the kernel cannot be asked.
  static func knowsOwnership(_ socket: NetlinkSocket) throws(KernelError) -> Bool {
    let table = TableID(.inet, "moat-probe-\(socket.port)")
    var batch = NetlinkBatch()
    batch.begin(subsystem: UInt16(NFNL_SUBSYS_NFTABLES), generation: nil, sequence: socket.takeSequence(4))
    try batch.addTable(table, flags: TableOwnership.owned.flags, step: 0)
    batch.appendName(NFT_MSG_DELTABLE, table, step: 1) { _ in }
    batch.end()
    do {
      try socket.commit(batch, for: "look whether tables can be owned")
      return true
    } catch {
      // Kernels before 6.9 do not know PERSIST, those before 5.12 not even OWNER.
      if error.code == EOPNOTSUPP || error.code == EINVAL { return false }
      throw KernelError("look whether tables can be owned", error)
    }
  }

  /// The same error, or where one of `tables` is another's one that names the owner.
  func explained(_ error: KernelError, _ tables: some Sequence<TableID>) -> KernelError {
    guard error.code == EPERM else { return error }
    for table in Set(tables).sorted() {
      do throws(KernelError) {
        if case .foreign(let port) = try standing(of: table) {
          return ownedByAnother(table, port: port, operation: error.operation)
        }
      } catch { continue }
    }
    return error
  }

  private func ownedByAnother(_ table: TableID, port: UInt32, operation: String? = nil) -> KernelError {
    let holders = holders(ofPort: port, bus: NETLINK_NETFILTER).map(\.description).joined(separator: " and ")
    return KernelError(
      operation: operation ?? "change table \(table)", code: EPERM,
      reason: "the table is owned by \(holders.isEmpty ? "netlink port \(port)" : holders), which alone can change it "
        + "(EPERM): change what it follows, or use moat unlock")
  }
}
