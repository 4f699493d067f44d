import ClusterModel
import EgressPolicy
import NetworkValues

/// The newest of everything that what is enforced depends on, and the bindings that are carried from one state to the
/// next (S9).
struct NewestInputs {
  private let node: NodeName
  private let awaitsInterfaces: Bool
  private var manifests: PolicyInput?
  private var interfaces: HostInterfaces?
  private var cgroups: HostCgroups?
  private var names = ResolvedNames()

  /// What resolvers told since; apart from the rest, so that an answer costs nothing that grows with all names.
  private var observed: [ObservedName] = []
  private var bindings: InterfaceBindings?
  private var remembered: [UInt32: Set<IPAddress>] = [:]

  /// - Parameter awaitsInterfaces: nothing can be derived before the node's interfaces are known.
  init(on node: NodeName, awaitingInterfaces awaitsInterfaces: Bool) {
    self.node = node
    self.awaitsInterfaces = awaitsInterfaces
  }

  /// Says what the kernel binds since a process before this one.
  mutating func remember(_ bound: [UInt32: Set<IPAddress>]) {
    if bindings == nil { remembered = bound }
  }

  /// Whether resolvers told of names since the last derivation.
  private(set) var isAheadOfDerivation = false

  /// Takes what has come in, and binds.
  ///
  /// - Returns: whether there is everything to derive from, and a reason to. What resolvers told gateway pods is none:
  ///   it is opened from their answers alone.
  mutating func take(_ contents: ReconcilerInbox.Contents) -> Bool {
    let hasNewNames = take(contents.names, contents.observed)
    guard contents.input != nil || contents.interfaces != nil || contents.cgroups != nil || hasNewNames else {
      return false
    }
    manifests = contents.input ?? manifests
    cgroups = contents.cgroups ?? cgroups
    let before = (interfaces, bindings)
    if let seen = contents.interfaces ?? interfaces {
      interfaces = seen
      // Without manifests, too: what was behind an interface first is remembered from then on.
      bindings = bindInterfaces(
        of: snapshot, on: node, under: manifests?.configuration ?? Configuration(),
        after: bindings ?? InterfaceBindings(remembering: remembered))
    }
    guard let manifests, interfaces != nil || !awaitsInterfaces else { return false }
    return contents.input != nil || contents.cgroups != nil || hasNewNames || bindings != before.1
      || !(interfaces?.isJudged(as: before.0, under: manifests.configuration.cluster.interfaces) ?? true)
  }

  /// Whether the names differ from those that the last derivation knew, and not only by more that was observed.
  private mutating func take(_ newest: ResolvedNames?, _ observed: [ObservedName]) -> Bool {
    var hasChanged = false
    if let newest {
      includeObserved()
      hasChanged = newest != names
      names = newest
    }
    if !observed.isEmpty {
      self.observed += observed
      isAheadOfDerivation = true
    }
    return hasChanged
  }

  private mutating func includeObserved() {
    guard !observed.isEmpty else { return }
    names.observed = (names.observed + observed).sortedUnique()
    observed = []
  }

  private var snapshot: ClusterSnapshot {
    var snapshot = manifests?.snapshot ?? ClusterSnapshot()
    snapshot.hostInterfaces = interfaces
    snapshot.hostCgroups = cgroups ?? snapshot.hostCgroups
    snapshot.resolvedNames = names
    return snapshot
  }

  /// What must be enforced; `nil` before everything has come in.
  ///
  /// - Parameter previous: what was derived before.
  /// - Throws: where the manifests do not know the node.
  mutating func derived(after previous: DerivedRuleset?) throws(UnknownNode) -> DerivedRuleset? {
    guard let manifests, interfaces != nil || !awaitsInterfaces else { return nil }
    isAheadOfDerivation = false
    includeObserved()
    let input = PolicyInput(snapshot: snapshot, configuration: manifests.configuration)
    return try DerivedRuleset(input, bound: bindings, on: node, after: previous)
  }
}

extension HostInterfaces {
  /// Whether nothing differs that the rules of identity and origin are made of, bindings aside.
  fileprivate func isJudged(as other: HostInterfaces?, under configuration: Configuration.Interfaces) -> Bool {
    guard let other else { return false }
    return addresses == other.addresses && onLink == other.onLink
      && classify(self, under: configuration) == classify(other, under: configuration)
  }
}
