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
    let told = observed.records.map { key, records in
      NamesDocument.Entry(name: key.name, client: "\(key.client)", addresses: dated(records))
    }
    return NamesDocument(
      resolvers: demand.resolvers.map(\.description),
      entries: (asked + told).sorted { ($0.name, $0.client ?? "") < ($1.name, $1.client ?? "") })
  }
}
