import Foundation
import Glibc
import NamespaceLab

extension AttackLab {
  /// The main scenario and what the attacks need besides.
  func makeFolder() throws {
    for name in ["m", "cni"] + Self.nodes {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    let scenario = attackFolder + "/../Scenarios/01-httpbin"
    for name in ["cluster", "egress"] {
      try write(String(contentsOfFile: "\(scenario)/\(name).yaml", encoding: .utf8), to: "m/\(name).yaml")
    }
    try write(String(contentsOfFile: attackFolder + "/cluster.yaml", encoding: .utf8), to: "m/attacks.yaml")
    // A lab's node is itself behind veths, as a pod is; nothing is refused in silence for its rate.
    let classes = "interfaces: { uplinks: [eth0, uplink], tunnels: [vx0, vx6, tun0] }"
    let configuration = try String(contentsOfFile: scenario + "/config.yaml", encoding: .utf8)
      .replacing("\ncluster:\n", with: "\ncluster:\n  \(classes)\n  localAddresses: [169.254.20.10]\n")
    try write(configuration, to: "config.yaml")
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  /// What helps an attacker on nodes: source routes, loopback addresses on the wire, tunnels. One tracks no connections.
  func prepareNodes() throws {
    let settings = """
      cd /proc/sys/net
      for file in ipv4/conf/*/accept_source_route ipv6/conf/*/seg6_enabled ipv4/conf/*/route_localnet; do
        echo 1 > $file
      done
      """
    for node in Self.nodes { try shell(settings, in: .node(node)) }
    for (index, node) in Self.nodes.enumerated() {
      let number = index + 1
      try shell(
        """
        ip link add vx0 address 02:00:00:00:00:42 up type vxlan id 42 local 172.18.0.1\(number) dstport 8472 nolearning
        ip link add vx6 address 02:00:00:00:00:42 up type vxlan id 43 local fd00:172:18::1\(number) dstport 8472 nolearning
        """, in: .node(node))
      try attacker(at: .node(node)).run("serve_tunnels()")
    }
    try shell(
      "for name in all pod1; do echo 1 > /proc/sys/net/ipv4/conf/$name/bc_forwarding; done", in: .node("worker-1"))
    try shell("nft delete table inet kube", in: .node("bridge-1"))
  }

  /// Outside nobody answers, and attacked pods' kernels do not give attackers away.
  func prepareHosts() throws {
    try shell("ip route add blackhole default; ip -6 route add blackhole default", in: outside)
    let quiet = """
      table inet quiet {
        chain output {
          type filter hook output priority filter; policy accept;
          tcp flags & rst == rst drop
          icmp type destination-unreachable drop
          icmpv6 type destination-unreachable drop
        }
      }
      """
    for pod in lab.topology.pods {
      let loaded = try lab.run(in: .pod(pod.name), ["nft", "-f", "-"], input: quiet)
      guard loaded.status == 0 else { throw AttackFault(host: .pod(pod.name), code: "quiet", text: loaded.text) }
    }
  }

  /// Takes the client's allowance away, and with it what connection tracking knows of its connection; unguarded nodes only
  /// forget it, as a node that is rebooted does.
  func revoke(_ connection: String) throws {
    if isGuarded {
      let policies = try egress().components(separatedBy: "\n---\n").filter { !$0.contains("kind: AccessPolicy") }
      try replaceEgress(with: policies.joined(separator: "\n---\n"))
    }
    for node in ["worker-1", "egress-1"] {
      let host = try attacker(at: .node(node))
      if !isGuarded { try host.run("forget_connections()") }
      try host.run("expect_connection('\(connection)', there=False)")
    }
  }

  func grantAgain() throws {
    guard isGuarded else { return }
    try replaceEgress(with: egress())
    for node in Self.nodes { try awaitSync(on: node) }
  }

  private func egress() throws -> String {
    try String(contentsOfFile: attackFolder + "/../Scenarios/01-httpbin/egress.yaml", encoding: .utf8)
  }

  /// Puts the egress model into place, in one step.
  private func replaceEgress(with text: String) throws {
    try write(text, to: "egress.new")
    guard rename("\(folder)/egress.new", "\(folder)/m/egress.yaml") == 0 else {
      throw LabError.system(call: "rename", host: "egress.yaml", code: errno)
    }
  }

  /// Runs a shell's command at a host.
  func shell(_ command: String, in host: LabHost) throws {
    let result = try lab.run(in: host, ["sh", "-ec", command])
    guard result.status == 0 else { throw AttackFault(host: host, code: command, text: result.text) }
  }
}
