import NetworkValues

/// What DNS gave for names, at one moment. Nothing in it depends on time: who asks says when an address ends.
package struct ResolvedNames: Hashable, Sendable {
  /// The addresses of every name that was asked for and answered, sorted; empty where the name has none. A name that is
  /// not in it has had no answer yet.
  package var addresses: [String: [IPAddress]] = [:]

  /// Why a name has had no answer.
  package var faults: [String: String] = [:]

  /// Names that resolvers told gateway pods of. Sorted.
  package var observed: [ObservedName] = []

  /// For people: who gave a name's addresses, until when. The daemon leaves it empty, since it changes all the time.
  package var sources: [String: String] = [:]

  package init() {}
}

/// A name and its addresses, as a resolver told them to one pod.
package struct ObservedName: Hashable, Comparable, Sendable {
  /// The pod's address to which the answer went.
  package var client: IPAddress

  /// In lower case, without a final dot.
  package var name: String

  /// One of the addresses.
  package var address: IPAddress

  package init(client: IPAddress, name: String, address: IPAddress) {
    self.client = client
    self.name = name
    self.address = address
  }

  package static func < (left: ObservedName, right: ObservedName) -> Bool {
    if left.client != right.client { return left.client < right.client }
    return left.name == right.name ? left.address < right.address : left.name < right.name
  }
}
