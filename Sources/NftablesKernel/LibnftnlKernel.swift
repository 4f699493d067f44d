import CNetfilter
import Glibc
import Netlink
import Nftables

/// The kernel's nf_tables in the network namespace of the thread that made the object, over one long-lived socket.
///
/// It reads and writes only `ownTables`. Not to be used by two threads at once.
package final class LibnftnlKernel: NftablesBackend {
  let socket: NetlinkSocket

  /// Whether this socket owns the tables it writes; `.none` where `.owned` was asked for and the kernel cannot do it.
  package let ownership: TableOwnership

  /// Plain tables that the next commit replaces by owned ones; reading shows them empty.
  var replaced: Set<TableID> = []

  private var batch = NetlinkBatch()
  private var query = MessageBuffer(capacity: 512)

  /// Opens the socket.
  ///
  /// - Parameter ownership: with `.owned` every table is owned by this socket, for which every `read` calls `adopt`; on
  ///   kernels that cannot do that it is as with `.none`.
  package convenience init(ownership: TableOwnership = .none) throws(KernelError) {
    let socket: NetlinkSocket
    do {
      socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
    } catch {
      throw KernelError(error.operation, error)
    }
    try self.init(socket, ownership)
  }

  /// Takes over the socket of an earlier owner, so that its tables stay owned: of a process that ended and left it in a
  /// descriptor store, or of one that sent it over.
  ///
  /// - Parameter descriptor: a socket of NETLINK_NETFILTER; from now on closed with this object.
  /// - Throws: `KernelError` where it is no such socket; it then stays the caller's.
  package convenience init(adopting descriptor: Int32) throws(KernelError) {
    let socket: NetlinkSocket
    do {
      socket = try NetlinkSocket(adopting: descriptor, bus: NETLINK_NETFILTER)
    } catch {
      throw KernelError(error.operation, error)
    }
    try self.init(socket, .owned)
  }

  private init(_ socket: NetlinkSocket, _ wanted: TableOwnership) throws(KernelError) {
    self.socket = socket
    let canOwn = wanted == .none ? false : try Self.knowsOwnership(socket)
    ownership = canOwn ? .owned : .none
  }

  /// The socket's descriptor, to be stored or sent (`sendDescriptor`); whoever holds a copy keeps the tables owned.
  package var descriptor: Int32 { socket.descriptor }

  /// The socket's netlink port, by which events name it.
  package var port: UInt32 { socket.port }

  /// The kernel's current generation. See: NFT_MSG_GETGEN
  package func generation() throws(KernelError) -> Generation {
    var generation: UInt32?
    try ask(NFT_MSG_GETGEN, family: 0, dump: false, for: "read the generation", { _ in }) { message in
      for attribute in message.attributes(after: 4) where attribute.type == UInt16(NFTA_GEN_ID.rawValue) {
        generation = attribute.bigEndian32
      }
    }
    guard let generation else { throw KernelError(operation: "read the generation", code: 0, reason: "no answer") }
    return Generation(rawValue: generation)
  }

  /// Reads both tables at one generation. See: `NftablesBackend.read`
  package func read() throws(KernelError) -> (Ruleset?, Generation) {
    if ownership == .owned { try adopt() }
    let generation = try generation()
    var tables: [Table] = []
    do {
      for id in ownTables {
        if replaced.contains(id) {
          tables.append(Table(id: id, counters: [], sets: [], chains: []))
        } else if let table = try TableReader(self, id, generation).table() {
          tables.append(table)
        }
      }
    } catch {
      // A set that is deleted while the tables are read is not found: no error, but a change.
      try expect(generation)
      throw error
    }
    try expect(generation)
    return (tables.isEmpty ? nil : Ruleset(tables: tables), generation)
  }

  /// Throws ERESTART unless `generation` is still the current one.
  private func expect(_ generation: Generation) throws(KernelError) {
    guard try self.generation() == generation else { throw .changed("read the ruleset") }
  }

  /// One batch, one transaction. See: `NftablesBackend.commit`
  package func commit(_ transaction: Transaction, at generation: Generation?) throws(KernelError) {
    let sequence = socket.takeSequence(transaction.operations.count + 2)
    let tables = Set(transaction.operations.map(\.table))
    try batch.encode(
      transaction, at: generation, sequence: sequence, flags: ownership.flags, replacing: replaced.intersection(tables))
    guard batch.hasMessages else { return }
    do {
      try socket.commit(batch, for: "commit")
    } catch {
      throw explained(KernelError(operation(error, in: transaction), error), tables)
    }
    replaced.subtract(tables)
  }

  /// What the named counters of a table have counted, by name; empty where there is no such table.
  package func counters(of table: TableID = TableID(.inet, "moat")) throws(KernelError) -> [String: CounterValue] {
    var values: [String: CounterValue] = [:]
    try ask(
      NFT_MSG_GETOBJ, family: table.family.number, dump: true, for: "read counters of \(table)",
      { $0.putAttribute(UInt16(NFTA_OBJ_TABLE.rawValue), text: table.name) }
    ) { message in
      if let object = ListedObject(message), object.table == table.name { values[object.name] = object.value }
    }
    return values
  }

  /// The operation of `transaction` that an error belongs to.
  private func operation(_ error: NetlinkError, in transaction: Transaction) -> String {
    let step = error.sequence.flatMap { batch.step(of: $0) }
    guard let step, transaction.operations.indices.contains(step) else {
      return "commit \(transaction.operations.count) operations"
    }
    return transaction.operations[step].summary
  }
}

extension LibnftnlKernel {
  /// Sends one question and gives the messages of its answer to `body`.
  func ask(
    _ message: nf_tables_msg_types, family: UInt8, dump: Bool, for operation: @autoclosure () -> String,
    _ attributes: (inout MessageBuffer) -> Void, _ body: (NetlinkMessage) -> Void
  ) throws(KernelError) {
    let sequence = socket.takeSequence()
    query.removeAll()
    let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(message)
    let flags = dump ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST
    let start = query.beginMessage(netfilter: type, flags: flags, sequence: sequence, family: family)
    attributes(&query)
    query.endMessage(start)
    do {
      try socket.request(query, sequence: sequence, dump: dump, for: operation(), body)
    } catch {
      if error.code == EINTR { throw .changed(operation()) }
      throw KernelError(operation(), error)
    }
  }
}

extension LibnftnlKernel {
  /// The bytes that a commit of `transaction` would send, for measurements; without a generation they can be sent
  /// again and again.
  package static func encoded(
    _ transaction: Transaction, at generation: Generation? = nil
  ) throws(KernelError) -> [UInt8] {
    var batch = NetlinkBatch()
    try batch.encode(transaction, at: generation, sequence: 1)
    return Array(batch.buffer.bytes)
  }

  /// Sends bytes of `encoded(_:at:)` for a transaction of `count` operations and waits for the acknowledgement.
  package func replay(_ bytes: [UInt8], operations count: Int) throws(KernelError) {
    do throws(NetlinkError) {
      let sent = bytes.withUnsafeBytes { bytes in
        Result { () throws(NetlinkError) in try socket.send(bytes, for: "replay") }
      }
      try sent.get()
      let last = UInt32(count) + (kernelAcknowledgesBatchEnd ? 2 : 1)
      try socket.receiveAcknowledgement(of: 1...last, for: "replay")
    } catch {
      throw KernelError("replay", error)
    }
  }
}
