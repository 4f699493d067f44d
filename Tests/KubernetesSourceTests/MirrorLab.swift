import APIServerLab
import ClusterModel
import EgressPolicy
import Foundation
import KubernetesSource
import StatusServer
import Synchronization

/// A mirror in this process, and everything that it said.
final class MirrorLab: Sendable {
  let mirror: ClusterMirror
  private let listener: Listener
  private let task: Task<Void, Never>

  /// Starts to mirror.
  ///
  /// - Parameter neededPods: by default what the model asks for, with every default of the configuration.
  init(
    _ settings: MirrorSettings, neededPods: (@Sendable (ClusterSnapshot) -> Set<PodQuery>)? = nil
  ) {
    let listener = Listener()
    self.listener = listener
    let needed = neededPods ?? { EgressModel($0, under: Configuration()).podQueries(on: settings.node) }
    let mirror = ClusterMirror(
      settings, on: EventLoopExecutor.shared.loop, executor: EventLoopExecutor.shared,
      MirrorListener(
        publish: { snapshot, _ in listener.add(snapshot) }, report: { listener.add($0) }, neededPods: needed))
    self.mirror = mirror
    task = Task(executorPreference: EventLoopExecutor.shared) { await mirror.run() }
  }

  deinit { task.cancel() }

  /// Everything that was published, oldest first.
  var snapshots: [ClusterSnapshot] { listener.snapshots }

  /// How the mirror says that it is.
  var state: MirrorState? { listener.state }

  /// Waits until `isReached` holds of the newest snapshot, if there is one; whether it did within `patience`.
  func await(
    _ patience: Duration = .seconds(10), _ isReached: (ClusterSnapshot?, MirrorState?) -> Bool
  ) async throws -> Bool {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if isReached(snapshots.last, state) { return true }
      try await Task.sleep(for: .milliseconds(2))
    }
    return isReached(snapshots.last, state)
  }
}

private final class Listener: Sendable {
  private struct Heard {
    var snapshots: [ClusterSnapshot] = []
    var state: MirrorState?
  }

  private let heard = Mutex(Heard())

  var snapshots: [ClusterSnapshot] { heard.withLock { $0.snapshots } }
  var state: MirrorState? { heard.withLock { $0.state } }

  func add(_ snapshot: ClusterSnapshot) { heard.withLock { $0.snapshots.append(snapshot) } }
  func add(_ state: MirrorState) { heard.withLock { $0.state = state } }
}
