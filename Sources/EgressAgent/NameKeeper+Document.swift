import NameResolution
import NetworkValues
import Telemetry

extension NameKeeper {
  /// Every address that counts, in no order.
  var addresses: [IPAddress] {
    table.entries.values.flatMap(\.records.keys) + observed.records.values.flatMap(\.keys)
  }

  /// For people.
  func document(at now: NameTable.Instant) -> NamesDocument {
    let today = Timestamp.now
    let dated = { (records: [IPAddress: NameTable.Record]) in
      records.sorted { $0.key < $1.key }.map { address, record in
        NamesDocument.Address(address: "\(address)", until: today.adding(record.expires - now))
      }
    }
    let asked = table.entries.map { name, entry in
      NamesDocument.Entry(name: name, addresses: dated(entry.records), fault: entry.fault)
    }
    let told = Set(observed.records.keys).union(refused.keys).map { key in
      NamesDocument.Entry(
        name: key.name, client: "\(key.client)", addresses: dated(observed.records[key] ?? [:]), fault: fault(of: key))
    }
    return NamesDocument(
      resolvers: demand.resolvers.map(\.description),
      entries: (asked + told).sorted { ($0.name, $0.client ?? "") < ($1.name, $1.client ?? "") })
  }

  /// Why a client cannot reach all that it was told.
  private func fault(of key: ObservedNames.Key) -> String? {
    var parts: [String] = []
    if let closed = refused[key] {
      let shown = closed.sorted().map(\.description).joined(separator: ", ")
      parts.append("\(shown): inside the cluster or special, stays closed (E5)")
    }
    if observed.crowded.contains(key) {
      parts.append("more than \(observed.limits.addressesPerName) addresses (names.maxAddressesPerHost)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}
