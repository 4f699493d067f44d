/// One message of the kernel to those who watch its rulesets. See: linux/netfilter/nfnetlink.h, NFNLGRP_NFTABLES
package enum RulesetEvent: Hashable, Sendable {
  /// A table, or something in it, was changed through the socket with this netlink port. The `commit` it belongs to
  /// follows.
  case change(TableID, port: UInt32)

  /// All changes since the last commit took effect, at this generation, by this process.
  case commit(Generation, port: UInt32, process: Int32, command: String)

  /// Messages did not fit into the watcher's buffer and are gone (ENOBUFS).
  case loss
}

/// What somebody else did to the kernel's rulesets.
package enum RulesetChange: Hashable, Sendable {
  /// Another socket committed.
  case commit(ForeignCommit)

  /// Nobody knows: moat's tables must be read.
  case unknown

  /// Whether moat's tables may hold something else now, and must be read.
  package var concernsUs: Bool {
    switch self {
    case .commit(let commit): !commit.tables.isEmpty
    case .unknown: true
    }
  }
}

/// A commit by another socket.
package struct ForeignCommit: Hashable, Sendable, CustomStringConvertible {
  /// The generation it made.
  package var generation: Generation

  /// The process that committed, in the watcher's namespace of processes; it may have ended.
  package var process: Int32

  /// Its command, at most 15 bytes.
  package var command: String

  /// Those of moat's tables that it changed, sorted.
  package var tables: [TableID]

  package init(generation: Generation, process: Int32, command: String, tables: [TableID]) {
    self.generation = generation
    self.process = process
    self.command = command
    self.tables = tables
  }

  /// `nft (process 812) changed inet moat`.
  package var description: String {
    let changed = tables.isEmpty ? "other tables" : tables.map(\.description).joined(separator: " and ")
    return "\(command) (process \(process)) changed \(changed)"
  }
}

/// Puts events together to changes: which tables a commit touched is told before the commit itself.
package struct ChangeAssembly: Sendable {
  private let ownPort: UInt32
  private var touched: [UInt32: Set<TableID>] = [:]

  /// - Parameter ownPort: the port of the socket that moat writes with, whose commits are no news.
  package init(ownPort: UInt32) { self.ownPort = ownPort }

  /// Takes the next event; returns what it completes.
  package mutating func add(_ event: RulesetEvent) -> RulesetChange? {
    switch event {
    case .change(let table, let port):
      if port != ownPort, ownTables.contains(table) { touched[port, default: []].insert(table) }
      return nil
    case .commit(let generation, let port, let process, let command):
      let tables = touched.removeValue(forKey: port) ?? []
      guard port != ownPort else { return nil }
      return .commit(
        ForeignCommit(generation: generation, process: process, command: command, tables: tables.sorted()))
    case .loss:
      touched = [:]
      return .unknown
    }
  }
}
