/// The names that a daemon knows, as `moat names` shows them.
package struct NamesDocument: Hashable, Sendable, Codable {
  /// One name, or what one gateway pod was told of one.
  package struct Entry: Hashable, Sendable, Codable {
    /// In lower case, without a final dot.
    package var name: String

    /// The gateway pod's address that was told; absent where moat asked itself, for all pods that may use the name.
    package var client: String?

    /// What counts now, sorted.
    package var addresses: [Address]

    /// Why the last question had no answer; absent where it had.
    package var fault: String?

    package init(name: String, client: String? = nil, addresses: [Address], fault: String? = nil) {
      self.name = name
      self.client = client
      self.addresses = addresses
      self.fault = fault
    }
  }

  /// An address of a name.
  package struct Address: Hashable, Sendable, Codable {
    /// As text.
    package var address: String

    /// When its lifetime is over. It counts longer: `names.grace`, and while a connection is open.
    package var until: Timestamp

    package init(address: String, until: Timestamp) {
      self.address = address
      self.until = until
    }
  }

  /// Whom moat asks.
  package var resolvers: [String]

  /// Sorted by name, then by client.
  package var entries: [Entry]

  package init(resolvers: [String], entries: [Entry]) {
    self.resolvers = resolvers
    self.entries = entries
  }
}
