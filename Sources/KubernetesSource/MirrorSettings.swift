import ClusterModel
import NIOCore

/// What a mirror is of, and how patient it is.
package struct MirrorSettings: Sendable {
  /// Where the cluster is.
  package var access: ClusterAccess

  /// The node whose pods are needed in any case.
  package var node: NodeName

  /// How long watches last; each is ended by the server after a time drawn from here, so that many nodes do not ask at
  /// once.
  package var watchTime: ClosedRange<Int> = 300...600

  /// The pauses after answers that are no good.
  package var backOff = BackOff(longest: .seconds(30))

  /// Of connections.
  package var patience = ConnectionPatience()

  package init(access: ClusterAccess, node: NodeName) {
    self.access = access
    self.node = node
  }
}

/// Pauses between attempts: each twice as long as the one before, and by chance half as long to half as long again, so
/// that many nodes do not come back at once.
package struct BackOff: Hashable, Sendable {
  /// The first pause, on average.
  package var first = Duration.milliseconds(250)

  /// The longest, on average.
  package var longest: Duration

  package init(first: Duration = .milliseconds(250), longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// The pause after so many failures in a row, `wish` at least.
  func pause(after failures: Int, wish: Duration = .zero) -> Duration {
    let usual = min(first * (1 << min(max(failures - 1, 0), 16)), longest)
    return max(usual * Double.random(in: 0.5...1.5), wish * Double.random(in: 1...1.5))
  }
}

/// What a mirror tells, from the thread that it runs on.
package struct MirrorListener: Sendable {
  /// The newest state of everything, and of how many objects it is made; never before all of it was known once, and
  /// never in part.
  package var publish: @Sendable (ClusterSnapshot, Int) -> Void

  /// How the mirror is.
  package var report: @Sendable (MirrorState) -> Void

  /// The pods of which a model made from the snapshot needs to know.
  package var neededPods: @Sendable (ClusterSnapshot) -> Set<PodQuery>

  package init(
    publish: @escaping @Sendable (ClusterSnapshot, Int) -> Void, report: @escaping @Sendable (MirrorState) -> Void,
    neededPods: @escaping @Sendable (ClusterSnapshot) -> Set<PodQuery>
  ) {
    self.publish = publish
    self.report = report
    self.neededPods = neededPods
  }
}

/// How a mirror is.
package struct MirrorState: Hashable, Sendable {
  /// How far a resource is known.
  package enum Progress: String, Hashable, Sendable {
    /// Not known yet.
    case waiting

    /// Known once; where there is a fault, what was known last.
    case inSync = "in sync"

    /// The server does not have such objects.
    case absent
  }

  /// One of the resources that are followed.
  package struct Resource: Hashable, Sendable {
    /// `pods (spec.nodeName=worker-1)`.
    package var name: String

    /// How far it is known.
    package var progress: Progress
  }

  /// The server's URL; before it is known, where it is looked for.
  package var server: String

  /// Sorted by name.
  package var resources: [Resource]

  /// One sentence each, sorted.
  package var faults: [String]
}
