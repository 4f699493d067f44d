import ClusterModel
import NetworkValues

/// What a Service makes of a destination before anything is judged, as kube-proxy does it.
package struct ServiceTranslation: Sendable {
  /// The Service that is translated.
  package var service: ObjectReference

  /// Where the packet may go: one of these. Empty where the Service has no pod that moat knows.
  package var targets: [Target]

  /// An address and port on the wire.
  package struct Target: Hashable, Comparable, Sendable {
    /// The address that clients see.
    package var address: IPAddress

    /// The port that clients see.
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
      self.address = address
      self.port = port
    }

    package static func < (left: Target, right: Target) -> Bool {
      left.address == right.address ? left.port < right.port : left.address < right.address
    }
  }
}

extension EgressModel {
  /// What becomes of a packet to `address` and `port`: the translation of the Service whose ClusterIP, external address or
  /// node port it is; `nil` where it is none's.
  package func translation(
    of address: IPAddress, _ transport: TransportProtocol, port: UInt16
  ) -> ServiceTranslation? {
    let isNode = node(with: address) != nil
    for service in snapshot.services.sorted(by: { $0.reference < $1.reference }) {
      let isOwn = (service.clusterIPs + service.externalAddresses).contains(address)
      for servicePort in service.ports where servicePort.transport == transport {
        guard (isOwn && servicePort.number == port) || (isNode && servicePort.nodePort == port) else { continue }
        return ServiceTranslation(
          service: service.reference, targets: targets(of: service, servicePort, family: address.family))
      }
    }
    return nil
  }

  private func targets(of service: Service, _ port: ServicePort, family: IPFamily) -> [ServiceTranslation.Target] {
    ownership.pods { service.selects($0) && $0.phase == .running }.flatMap { pod in
      let number: UInt16? =
        switch port.targetPort {
        case .number(let number): number
        case .name(let name):
          pod.pod.containerPorts.first { $0.name == name && $0.transport == port.transport }?.number
        case nil: port.number
        }
      return pod.addresses.filter { $0.family == family }.compactMap { address in
        number.map { ServiceTranslation.Target(address: address, port: $0) }
      }
    }.sorted()
  }
}
