import ClusterModel

/// The class of every interface of the host, ascending by index (S14).
///
/// Configured names come first: an interface that several lists name is the first of pod, tunnel, uplink. A class whose
/// list is empty goes by kind; a class with a list takes what the list names and nothing else. Then:
///
/// | kind | class |
/// |---|---|
/// | IFF_LOOPBACK | loopback, whatever the configuration says |
/// | veth or netkit with its peer in another namespace, tap | pod |
/// | veth or netkit with its peer in this namespace, tun, internal port of a software switch | unknown |
/// | vxlan, geneve, ipip, gre, sit, wireguard and their like | tunnel |
/// | bridge, bond, team, VRF | that of its ports if they agree; without ports, or where they differ, unknown |
/// | VLAN, macvlan and their like | uplink above an uplink, else unknown |
/// | everything else | uplink |
package func classify(
  _ interfaces: HostInterfaces, under configuration: Configuration.Interfaces
) -> [ClassifiedInterface] {
  let classes = InterfaceClasses(interfaces, configuration)
  return interfaces.links.map { link in
    let master = link.master.flatMap { interfaces.link($0) }
    return ClassifiedInterface(
      index: link.index, name: link.name, interfaceClass: classes.interfaceClass(of: link),
      isBridge: link.kind == "bridge", bridge: master?.kind == "bridge" ? master?.index : nil)
  }
}

/// Classes by configuration and kind.
private struct InterfaceClasses {
  let interfaces: HostInterfaces
  let configuration: Configuration.Interfaces
  private let ports: [UInt32: [HostLink]]

  /// How many devices may lie above each other before nobody knows.
  private static let maximumDepth = 8

  init(_ interfaces: HostInterfaces, _ configuration: Configuration.Interfaces) {
    self.interfaces = interfaces
    self.configuration = configuration
    ports = Dictionary(grouping: interfaces.links.filter { $0.master != nil }, by: { $0.master ?? 0 })
  }

  func interfaceClass(of link: HostLink, depth: Int = 0) -> InterfaceClass {
    if link.isLoopback { return .loopback }
    if depth > Self.maximumDepth { return .unknown }
    let lists = [
      (InterfaceClass.pod, configuration.pods), (.tunnel, configuration.tunnels), (.uplink, configuration.uplinks),
    ]
    if let named = lists.first(where: { $0.1.contains { matches(link.name, glob: $0) } }) { return named.0 }
    let byKind = classByKind(of: link, depth)
    return lists.contains { $0.0 == byKind && !$0.1.isEmpty } ? .unknown : byKind
  }

  private func classByKind(of link: HostLink, _ depth: Int) -> InterfaceClass {
    guard let kind = link.kind else { return .uplink }
    switch kind {
    case "veth", "netkit": return link.peerNamespace == nil ? .unknown : .pod
    case "tap": return .pod
    case "tun", "openvswitch": return .unknown
    case "bridge", "bond", "team", "vrf": return classOfMaster(link, depth)
    case "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "hsr", "dsa": return classAbove(link, depth)
    default: return tunnelKinds.contains(kind) ? .tunnel : .uplink
    }
  }

  private func classOfMaster(_ link: HostLink, _ depth: Int) -> InterfaceClass {
    let classes = Set((ports[link.index] ?? []).map { interfaceClass(of: $0, depth: depth + 1) })
    // Without ports nothing comes out of it, but the first port may be a pod's.
    guard let first = classes.first, classes.count == 1 else { return .unknown }
    return first
  }

  private func classAbove(_ link: HostLink, _ depth: Int) -> InterfaceClass {
    guard let below = link.peer else { return .unknown }
    // The device below lies in another namespace: this host cannot tell what it is.
    guard link.peerNamespace == nil, let lower = interfaces.link(below) else { return .unknown }
    return interfaceClass(of: lower, depth: depth + 1) == .uplink ? .uplink : .unknown
  }
}

/// Kinds whose packets travel inside other packets, between nodes.
private let tunnelKinds: Set<String> = [
  "vxlan", "geneve", "wireguard", "ipip", "sit", "gre", "gretap", "erspan", "ip6tnl", "ip6gre", "ip6gretap",
  "ip6erspan", "vti", "vti6", "xfrm", "bareudp", "gtp", "amt", "l2tpeth", "ovpn", "ipsec",
]

/// Whether `name` fits `glob`, in which `*` stands for any text and `?` for one character.
func matches(_ name: String, glob: String) -> Bool {
  let (name, glob) = (Array(name.utf8), Array(glob.utf8))
  var (position, index) = (0, 0)
  var star: (position: Int, index: Int)?
  while position < name.count {
    if index < glob.count, glob[index] == UInt8(ascii: "*") {
      star = (position, index)
      index += 1
    } else if index < glob.count, glob[index] == UInt8(ascii: "?") || glob[index] == name[position] {
      (position, index) = (position + 1, index + 1)
    } else if let last = star {
      star = (last.position + 1, last.index)
      (position, index) = (last.position + 1, last.index + 1)
    } else {
      return false
    }
  }
  return glob[index...].allSatisfy { $0 == UInt8(ascii: "*") }
}
