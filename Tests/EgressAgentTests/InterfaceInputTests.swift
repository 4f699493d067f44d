import ClusterModel
import EgressPolicy
import EgressRuleset
import Foundation
import Netlink
import NetworkValues
import Nftables
import Synchronization
import Telemetry
import Testing

@testable import EgressAgent

/// What the reconciler makes of manifests and interfaces that come by slots of their own.
@Suite struct InterfaceInputTests {
  let input: PolicyInput
  let kernel = FaultyKernel()
  let board = newBoard()
  let inbox: ReconcilerInbox
  var loop: ReconcilerLoop<FaultyKernel>

  init() throws {
    input = try scenarioInput()
    inbox = try ReconcilerInbox()
    let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
    loop = ReconcilerLoop(
      kernel, node: workerNode, surroundings: surroundings, schedule: ReconcilerSchedule(), awaitingInterfaces: true,
      logger: quietLogger)
  }

  @Test(arguments: [true, false])
  mutating func `Nothing is committed before manifests and interfaces are there`(manifestsFirst: Bool) throws {
    if manifestsFirst { inbox.publish(input) } else { inbox.publish(try node()) }
    step()
    #expect(try kernel.kernel.read().0 == nil)
    #expect(board.current.state == .starting && board.current.enforced == nil)
    if manifestsFirst { inbox.publish(try node()) } else { inbox.publish(input) }
    step()
    #expect(try bindings() == ["5 10.1.1.10"])
    #expect(board.current.state == .inSync)
  }

  @Test mutating func `Neither slot loses what is in the other`() throws {
    inbox.publish(input)
    inbox.publish(HostInterfaces())
    inbox.publish(try node())
    inbox.publish(input)
    step()
    #expect(try bindings() == ["5 10.1.1.10"] && board.current.counts.inputs == 1)
  }

  @Test mutating func `An interface that is gone takes its binding along before the manifests say so`() throws {
    inbox.publish(input)
    inbox.publish(try node())
    step()
    inbox.publish(try node { $0.links.removeLast() })
    step()
    #expect(try bindings() == [])
    #expect(try localPods().contains(try IPAddress(parsing: "10.1.1.10")))
    // Another one by the same number is another one.
    inbox.publish(try node { $0.links[1].appearance = 9 })
    inbox.publish(input)
    step()
    #expect(try bindings() == [])
  }

  @Test mutating func `What changes nothing is not derived again`() throws {
    inbox.publish(input)
    inbox.publish(try node())
    step()
    inbox.publish(try node { $0.links[1].flags = 0x1043 })
    step()
    #expect(board.current.counts.inputs == 1)
    inbox.publish(try node { $0.addresses = [HostAddress(index: 2, address: IPAddress(v4: 0xac12_0063))] })
    step()
    #expect(board.current.counts.inputs == 2 && board.current.counts.commits == 2)
  }

  @Test func `Failures are told, keep everything as it is, and heal`() throws {
    let surroundings = ReconcilerSurroundings(board: board, stateFile: nil, manager: nil, logger: quietLogger)
    let tries = Mutex(0)
    let inbox = inbox
    var schedule = InterfaceSchedule()
    schedule.firstPause = .milliseconds(10)
    let watch = try InterfaceWatch(
      cniResults: "/nowhere", schedule: schedule, inbox: inbox, surroundings: surroundings
    ) { () throws(NetlinkError) in
      let count = tries.withLock { count in
        count += 1
        return count
      }
      if count < 4 { throw NetlinkError("list interfaces", code: 12) }
      return try InterfaceObserver()
    }
    let ended = try Wakeup()
    // A thread of its own: a task would wait for the tests that block the others.
    let thread = Thread {
      watch.run()
      ended.signal()
    }
    thread.start()
    let deadline = ContinuousClock.now + .seconds(20)
    var contents = ReconcilerInbox.Contents()
    var hasDegraded = false
    while contents.interfaces == nil, .now < deadline {
      hasDegraded = hasDegraded || board.current.faults.contains { $0.source == "interfaces" }
      contents = inbox.wait(until: .now + .milliseconds(2))
      if tries.withLock({ $0 }) < 4 { #expect(contents.interfaces == nil) }
    }
    #expect(hasDegraded)
    #expect(contents.interfaces?.links.contains { $0.isLoopback } == true)
    while !board.current.faults.isEmpty, .now < deadline { usleep(1000) }
    #expect(board.current.faults.isEmpty)
    watch.stop()
    #expect(awaitInput(on: [ended.descriptor], until: deadline))
  }

  @Test func `A new interface is looked at again with growing pauses, for as long as there is a need`() {
    let start = ContinuousClock.now
    var due = InterfaceDeadlines(InterfaceSchedule(), at: start)
    let link = HostLink(index: 5, appearance: 1, name: "veth5", kind: "veth", peer: 2, peerNamespace: 0)
    due.note(HostInterfaces(links: [link]), at: start)
    var looks: [Duration] = []
    while let look = due.look, looks.count < 20 {
      looks.append(look - start)
      due.planLook(isNeeded: true, at: look)
    }
    #expect(looks.first == .milliseconds(50) && looks.count == 9 && looks.last ?? .zero > .seconds(20))
    due.note(HostInterfaces(links: [link]), at: start)
    #expect(due.look == nil)
    due.fail(at: start)
    #expect(due.next == start + .milliseconds(100))
    due.succeed()
    #expect(due.next == start + .seconds(300))
  }

  @Test func `A link lacks evidence until its addresses and its CNI result are known`() throws {
    var interfaces = try node()
    #expect(interfaces.lackEvidence)
    interfaces.links[1].peerAddresses = [try IPAddress(parsing: "10.1.1.10")]
    #expect(interfaces.lackEvidence)
    interfaces.cniResults = [
      CNIResult(
        podUID: nil, podNamespace: "n", podName: "p", interfaces: [.init(name: "veth5", isInSandbox: false)],
        addresses: [])
    ]
    #expect(!interfaces.lackEvidence)
  }

  // MARK: -

  private mutating func step() { _ = loop.step(inbox.wait(until: .now), at: .now) }

  /// A node with an uplink and productpage's interface.
  private func node(_ change: (inout HostInterfaces) -> Void = { _ in }) throws -> HostInterfaces {
    let pod = HostLink(index: 5, appearance: 2, name: "veth5", kind: "veth", peer: 2, peerNamespace: 0)
    let route = HostRoute(to: try IPAddress(parsing: "10.1.1.10"), index: 5)
    var interfaces = HostInterfaces(
      links: [HostLink(index: 2, appearance: 1, name: "eth0"), pod], hostRoutes: [route])
    change(&interfaces)
    return interfaces
  }

  /// `5 10.1.1.10`.
  private func bindings() throws -> [String] {
    try keys("pods4", [.interface, .address4]).map { "\($0[0]) \(IPAddress(.v4, $0[1]))" }
  }

  private func localPods() throws -> [IPAddress] {
    try keys("localpods4", [.address4]).map { IPAddress(.v4, $0[0]) }
  }

  private func keys(_ set: String, _ type: [FieldType]) throws -> [[UInt128]] {
    let found = try kernel.kernel.read().0?[moatTable]?.sets.first { $0.name == set }
    guard case .keys(let keys)? = found?.elements else { throw CancellationError() }
    return keys.map { $0.values(as: type) }
  }
}
