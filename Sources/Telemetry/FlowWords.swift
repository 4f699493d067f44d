extension FlowRecord.Source {
  /// `namespace/name`.
  package var qualifiedPod: String? { pod.map { (namespace ?? "") + "/" + $0 } }
}

extension FlowRecord.Destination {
  /// `203.0.113.10:443`, `[2001:db8::1]:443`.
  package var place: String? {
    ip.map { address in
      port.map { address.contains(":") ? "[\(address)]:\($0)" : "\(address):\($0)" } ?? address
    }
  }
}
