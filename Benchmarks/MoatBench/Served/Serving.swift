import APIServerLab
import Foundation
import Glibc
import NamespaceLab

extension Bench {
  /// A daemon on the ordinary node of the reference cluster, fed by a real API server: how soon it knows everything, what
  /// it takes, and how soon the first packet is judged by what changes.
  func serving() throws -> [Row] {
    say("  loading 10,000 pods into the API server")
    let bench = try ServedBench(clients: 8, folder: files.folder.appending(path: "api"), moat: moat)
    var rows = try bench.syncs(rounds(quick: 3, full: 10))
    say("  changing pods and policies")
    let daemon = try bench.daemon.start().process
    defer { daemon.stop() }
    // The kernel is still telling of hundreds of new interfaces.
    sleep(3)
    let before = try bench.daemon.metrics()
    let times = try bench.changes(1000, everyMilliseconds: 20)
    let after = try bench.daemon.metrics()
    let status = try bench.daemon.status()
    rows += times.rows(allowances: status.enforced?.allowances.hopA ?? 0, objects: status.cluster?.objects ?? 0)
    let grown = { (name: Substring) in (after[name] ?? 0) - (before[name] ?? 0) }
    let mean = grown("moat_event_to_kernel_seconds_sum") / max(grown("moat_event_to_kernel_seconds_count"), 1)
    return rows + [
      Row("of which from a published snapshot to the kernel, mean", Samples([mean])),
      Row(
        "resident memory after 1,000 changes", Samples([try residentMemory(of: daemon.process)]), unit: .mebibytes,
        target: .atMost(.mebibytes(80))),
    ]
  }
}

extension ServedBench {
  /// Starts the daemon again and again where the kernel has nothing of it.
  fileprivate func syncs(_ count: Int) throws -> [Row] {
    var (times, memory, peak): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<count {
      let (process, seconds) = try daemon.start()
      times.append(seconds)
      sleep(2)
      memory.append(try residentMemory(of: process.process))
      peak.append(try peakMemory(of: process.process))
      try daemon.unlock()
      _ = try process.wait()
    }
    let name = "10,000 pods in the cluster, 250 on the node"
    return [
      Row("start to ready from an API server, \(name)", Samples(times), target: .atMost(.seconds(3))),
      Row(
        "resident memory two seconds later", Samples(memory), unit: .mebibytes, target: .atMost(.mebibytes(80))),
      Row("its peak", Samples(peak), unit: .mebibytes),
    ]
  }

  /// Makes changes at a fixed rate, whether the daemon keeps up or not: each of the clients in its turn, and each of the
  /// kinds. One pod has its next change `clients.count` turns later.
  fileprivate func changes(_ count: Int, everyMilliseconds pace: Int) throws -> ServedChanges {
    try daemon.shortenConnections()
    let (lab, server, clients) = (daemon.lab, server, clients)
    let gateways = Dictionary(clients.map { ($0.pod.gatewayName, $0.pod) }, uniquingKeysWith: { first, _ in first })
    let listeners = try gateways.mapValues { pod in
      try lab.inside(.pod(pod.gatewayName)) { try Listener(port: pod.port) }
    }
    let begin = ContinuousClock.now + .milliseconds(500)
    let times = try onThreads(clients.count) { place in
      let (client, pod) = (clients[place], clients[place].pod)
      let connection = try server.client()
      guard let listener = listeners[pod.gatewayName] else { throw BenchError("\(pod.gatewayName) does not listen") }
      return try lab.inside(.pod(pod.name)) {
        let connector = Connector(to: pod.gateway, port: pod.port, listener: listener, pause: 500)
        _ = try connector.seconds(from: .now, until: true)
        return try stride(from: place, to: count, by: clients.count).map { number in
          let turn = begin + .milliseconds(number * pace)
          while ContinuousClock.now < turn { usleep(200) }
          let change = ServedClient.Change.allCases[number / clients.count % ServedClient.Change.allCases.count]
          return try ServedChanges.Time(change, of: client, over: connection, seenBy: connector)
        }
      }
    }
    return ServedChanges(times: times.flatMap { $0 }, seconds: secondsSince(begin))
  }
}

/// How long changes took.
struct ServedChanges {
  struct Time: Sendable {
    var change: ServedClient.Change

    /// Until the API server had answered, from when on it may have told its watches.
    var served: Double

    /// From then until the first packet was judged anew.
    var followed: Double
  }

  var times: [Time]

  /// Of all changes together.
  var seconds: Double

  fileprivate func rows(allowances: Int, objects: Int) -> [Row] {
    let node = "ordinary node (\(allowances) allowances, \(objects) objects)"
    let name = "API server answered → packet judged, \(node)"
    let followed = Samples(times.map(\.followed))
    let whole = Samples(times.map { $0.served + $0.followed })
    return [
      Row("\(name), p50", followed, target: .atMost(.seconds(0.010))),
      Row("\(name), p99", followed, percentile: 99, target: .atMost(.seconds(0.050))),
      Row("change sent → API server answered, p50", Samples(times.map(\.served))),
      Row("change sent → packet judged, p50", whole), Row("change sent → packet judged, p99", whole, percentile: 99),
      Row("changes made", Samples([Double(times.count) / seconds]), unit: .perSecond),
    ]
      + ServedClient.Change.allCases.flatMap { change in
        let own = Samples(times.filter { $0.change == change }.map(\.followed))
        return [
          Row("\(change.rawValue) → packet judged, p50", own),
          Row("\(change.rawValue) → packet judged, p99", own, percentile: 99),
        ]
      }
  }
}

extension ServedChanges.Time {
  /// Makes a change and waits until the pod's packets fare as it says.
  fileprivate init(
    _ change: ServedClient.Change, of client: ServedClient, over connection: PlainClient, seenBy connector: Connector
  ) throws {
    let patch = client.patch(change)
    let sent = ContinuousClock.now
    try connection.expect("PATCH", patch.path, patch.json)
    let served = secondsSince(sent)
    self.init(change: change, served: served, followed: try connector.seconds(from: .now, until: change.opens))
  }
}
