import ClusterModel
import NetworkValues

/// What policies on trial say of a refused attempt (A6). They change no verdict.
///
/// Both hops are judged: a client at a gateway's listener, by the destinations behind it, and a gateway pod towards an
/// address that it exposes and that nobody is granted yet. A policy that selects none of the destinations says nothing:
/// no AccessPolicy opens any other way.
extension AttemptExplainer {
  func pendingVerdicts(_ attempt: Attempt, _ sender: Sender) -> [PendingVerdict] {
    guard !trials.isEmpty, case .pod(let pod) = sender, attempt.transport == .tcp, let source = attempt.source,
      let address = attempt.destination
    else { return [] }
    switch attempt.reason {
    case .gateway:
      let chosen = doors(at: address, port: attempt.port).flatMap(\.destinations)
      return verdicts(on: chosen) { grants in
        (grants[pod.identity] ?? []).filter { $0.blocks?.contains(source) ?? true }
      }
    case .external:
      guard let gateway = gatewayIndex(at: source) else { return [] }
      let chosen = destinations(at: address, port: attempt.port).filter { $0.port == attempt.port }.map(\.destination)
        .filter { model.destinations.all[$0].exposures.contains { $0.gateway == gateway } }
      return verdicts(on: chosen) { grants in grants.values.flatMap { $0 } }
    default: return []
    }
  }

  /// - Parameter fitting: of what a destination's trials grant, what would let the attempt pass.
  private func verdicts(
    on destinations: [Int], _ fitting: ([ServiceAccountName: [Grant]]) -> [Grant]
  ) -> [PendingVerdict] {
    var allows: [ObjectReference: Bool] = [:]
    for destination in destinations {
      let granting = Set(fitting(model.grants.pending[destination]).compactMap(\.reason.object))
      for policy in model.grants.selecting[destination] where trials.contains(policy) {
        allows[policy] = (allows[policy] ?? false) || granting.contains(policy)
      }
    }
    return allows.sorted { $0.key < $1.key }.map { PendingVerdict(policy: $0.key, allows: $0.value) }
  }
}

extension AccessPolicy {
  /// Whether some of it is on trial, and the rest is sound.
  var isPending: Bool {
    approval.isInForce && misunderstandings.isEmpty
      && (isTrial || (entries ?? []).contains { $0.value?.dryRun == true })
  }
}
