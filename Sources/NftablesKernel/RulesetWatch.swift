import CNetfilter
import Glibc
import Netlink
import Nftables

/// Tells of every change that others make to the rulesets of this network namespace.
///
/// A second socket, since events would get between the answers of the first. It about doubles what a commit costs, our
/// own as well, so it is for tables that are not owned. Not to be used by two threads at once.
package final class RulesetWatch: RulesetWatching {
  private let socket: NetlinkSocket
  private var assembly: ChangeAssembly

  /// Subscribes; every later change is told.
  ///
  /// - Parameters:
  ///   - port: the port of the socket whose own commits are not told, `LibnftnlKernel.port`.
  ///   - receiveBuffer: bytes of events that may wait; what does not fit is told as `.unknown`.
  package init(besides port: UInt32, receiveBuffer: Int = 4 << 20) throws(KernelError) {
    assembly = ChangeAssembly(ownPort: port)
    do {
      socket = try NetlinkSocket(bus: NETLINK_NETFILTER, receiveBuffer: receiveBuffer)
      try socket.join(group: UInt32(NFNLGRP_NFTABLES.rawValue))
    } catch {
      throw KernelError(error.operation, error)
    }
  }

  /// Readable, for poll(2), while events wait.
  package var descriptor: Int32 { socket.descriptor }

  /// Waits until events wait, at most so many milliseconds (-1: for ever); whether there are any.
  package func wait(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }

  /// What was changed since the last call, in order; empty where nothing was, or moat did it itself. Never waits.
  ///
  /// Of a storm of events at most some ten thousand are taken at once, then the descriptor stays readable.
  package func takeChanges() throws(KernelError) -> [RulesetChange] {
    var changes: [RulesetChange] = []
    for _ in 0..<10_000 {
      guard let events = try receive() else { break }
      for event in events {
        if let change = assembly.add(event) { changes.append(change) }
      }
    }
    return changes
  }

  /// The events of one datagram; `nil` where none waits.
  private func receive() throws(KernelError) -> [RulesetEvent]? {
    do {
      return try socket.receive(for: "watch the rulesets")?.compactMap(RulesetEvent.init)
    } catch {
      guard error.code == ENOBUFS else { throw KernelError(error.operation, error) }
      return [.loss]
    }
  }
}

extension RulesetEvent {
  /// `nil` for messages that tell of no table of the families moat uses.
  init?(_ message: NetlinkMessage) {
    guard message.type >> 8 == UInt16(NFNL_SUBSYS_NFTABLES) else { return nil }
    if message.type & 0xff == UInt16(NFT_MSG_NEWGEN) {
      self.init(generation: message)
      return
    }
    // Every family of attributes has its table's name first.
    let family = TableID.Family.allCases.first { $0.number == message.netfilterFamily }
    guard let family, let table = message.text(NFTA_TABLE_NAME.rawValue) else { return nil }
    self = .change(TableID(family, table), port: message.port)
  }

  private init?(generation message: NetlinkMessage) {
    var (generation, process, command): (UInt32?, UInt32, String) = (nil, 0, "?")
    for attribute in message.attributes(after: 4) {
      switch UInt32(attribute.type) {
      case NFTA_GEN_ID.rawValue: generation = attribute.bigEndian32
      case NFTA_GEN_PROC_PID.rawValue: process = attribute.bigEndian32 ?? 0
      case NFTA_GEN_PROC_NAME.rawValue: command = attribute.text
      default: break
      }
    }
    guard let generation else { return nil }
    self = .commit(
      Generation(rawValue: generation), port: message.port, process: Int32(truncatingIfNeeded: process),
      command: command)
  }
}
