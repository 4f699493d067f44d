import Foundation
import Glibc
import NamespaceLab
import Testing

/// Something that happens to a guarded node while a pod there sends to the outside without end.
struct Disturbance: Sendable {
  /// What the README's table calls it.
  let name: String

  let from: LabHost
  let outcome: Attack.Outcome

  /// What happens, to a guarded lab.
  let happen: @Sendable (AttackLab) throws -> Void

  private init(_ name: String, from: LabHost = reviews, _ happen: @escaping @Sendable (AttackLab) throws -> Void) {
    self.name = name
    self.from = from
    self.happen = happen
    outcome = .stopped("S10", nil)
  }

  static let all = [
    Disturbance("packets while a pod starts, again and again", from: ratings) { lab in
      for _ in 0..<5 {
        try lab.lab.unplug(pod: ratings.podName)
        try lab.lab.plug(pod: ratings.podName)
      }
    },
    Disturbance("packets while the daemon restarts") { lab in
      for _ in 0..<3 {
        try lab.endDaemon(on: "worker-1", by: SIGTERM)
        try lab.startDaemon(on: "worker-1")
        try lab.awaitSync(on: "worker-1")
      }
    },
    Disturbance("packets while the daemon is killed") { lab in
      for _ in 0..<3 {
        try lab.endDaemon(on: "worker-1", by: SIGKILL)
        usleep(50_000)
        try lab.startDaemon(on: "worker-1")
        try lab.awaitSync(on: "worker-1")
      }
    },
    Disturbance("packets while the daemon is upgraded") { lab in
      let next = lab.folder + "/moat-next"
      try FileManager.default.copyItem(atPath: moatPath, toPath: next)
      try lab.endDaemon(on: "worker-1", by: SIGTERM)
      try lab.startDaemon(on: "worker-1", binary: next)
      try lab.awaitSync(on: "worker-1")
    },
    Disturbance("packets while the node boots: lock, network, daemon") { lab in
      let node = LabHost.node("worker-1")
      try lab.endDaemon(on: "worker-1", by: SIGTERM)
      try lab.shell(
        """
        echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding
        nft delete table inet moat
        \(moatPath) lock --config \(lab.folder)/config.yaml --state \(lab.folder)/worker-1
        echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
        """, in: node)
      usleep(50_000)
      try lab.startDaemon(on: "worker-1")
      try lab.awaitSync(on: "worker-1")
    },
    Disturbance("packets while somebody inserts a rule") { lab in
      lab.tamper("nft insert rule inet moat forward accept", "nft insert rule inet moat raw-prerouting accept")
    },
    Disturbance("packets while somebody deletes rules") { lab in
      lab.tamper("nft delete table inet moat", "nft flush chain inet moat forward", "nft flush set inet moat inside4")
    },
    Disturbance("packets while somebody flushes the ruleset") { lab in
      // What kube-proxy would do.
      let node = LabHost.node("worker-1")
      let others = try lab.lab.run(in: node, ["nft", "list", "table", "inet", "kube"]).output
      try lab.shell("nft flush ruleset", in: node)
      let back = try lab.lab.run(in: node, ["nft", "-f", "-"], input: others)
      #expect(back.status == 0, "\(back.text)")
    },
  ]
}

extension AttackLab {
  /// Floods the outside, and lets something happen to the node meanwhile where it is guarded.
  func run(_ disturbance: Disturbance) throws {
    let mark = newMark()
    let (pod, judge) = (try attacker(at: disturbance.from), try judge(at: .wire(outside)))
    try pod.run(
      "kept['flood'] = Flood(IP(src=OWN4, dst=PEER4) / UDP(sport=81, dport=443) / Raw(m),"
        + " IP(src=OWN4, dst=PEER4) / TCP(sport=82, dport=443, flags='S') / Raw(m),"
        + " IPv6(src=OWN6, dst=PEER6) / UDP(sport=81, dport=443) / Raw(m))", mark: mark)
    if isGuarded {
      try disturbance.happen(self)
    } else {
      #expect(judge.waits(for: mark), "without moat: \(disturbance.name)")
    }
    try pod.run("kept.pop('flood').end()")
    guard isGuarded else { return }
    // By the same way; ratings itself is somebody unknown when it has started again.
    try control(reviews, to: .wire(outside))
    #expect(judge.count(of: mark) == 0, "with moat: \(disturbance.name)")
  }

  /// Tries to change moat's table on worker-1; whether it could is not asked, but what gets out.
  fileprivate func tamper(_ commands: String...) {
    for _ in 0..<10 {
      for command in commands { _ = try? lab.run(in: .node("worker-1"), ["sh", "-c", command]) }
    }
  }
}
