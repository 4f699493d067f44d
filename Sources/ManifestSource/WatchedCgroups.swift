import ClusterModel
import Glibc

/// The host's cgroups that somebody wants to know of, followed as they come and go. Not to be used by two threads at
/// once.
///
/// See: inotify(7); cgroup v2 tells of folders like any file system
package final class WatchedCgroups {
  private let mounts: String
  private var inotify: Inotify?

  /// Numbers of the watches that stand.
  private var watches: Set<Int32> = []
  private var paths: [String] = []
  private var last: HostCgroups?

  package init(mounts: String = "/proc/self/mountinfo") { self.mounts = mounts }

  /// Readable when something may have changed; absent while no cgroup is wanted.
  package var descriptor: Int32? { inotify?.descriptor }

  /// Looks at the cgroups at `paths`; `nil` where nothing changed since the last call, or none was ever wanted.
  ///
  /// Where they cannot be followed, nothing is known of them: a number that nobody watches must grant nothing.
  package func update(to paths: [String]) -> HostCgroups? {
    guard takeNews(paths) else { return nil }
    let now: HostCgroups
    do { now = paths.isEmpty ? HostCgroups() : try read() } catch {
      now = HostCgroups(nftPrefix: nil, problem: "they cannot be followed: \(error)")
    }
    guard now != last else { return nil }
    last = now
    return now
  }

  /// Whether something may be other than at the last call.
  private func takeNews(_ paths: [String]) -> Bool {
    guard paths == self.paths else {
      self.paths = paths
      inotify = nil
      watches = []
      return true
    }
    guard let inotify else { return !paths.isEmpty }
    let events = inotify.events()
    for event in events where event.has(IN_IGNORED) { watches.remove(event.watch) }
    return !events.isEmpty
  }

  /// Reads until all folders of the reading were watched before it, so that whatever comes later is told.
  private func read() throws(Inotify.Failure) -> HostCgroups {
    let inotify: Inotify
    if let known = self.inotify { inotify = known } else { inotify = try Inotify() }
    self.inotify = inotify
    for _ in 0..<100 {
      let reading = CgroupReading(paths, mounts: mounts)
      let isNew = try watchAll(reading.folders, inotify)
      if !isNew { return reading.groups }
    }
    throw Inotify.Failure(operation: "read cgroups that change all the time", code: EAGAIN)
  }

  /// Watches `folders`, of which some may be gone already; whether one was not watched before.
  private func watchAll(_ folders: [String], _ inotify: Inotify) throws(Inotify.Failure) -> Bool {
    var isNew = false
    for folder in folders {
      do throws(Inotify.Failure) {
        let number = try inotify.watchFolders(of: folder)
        if watches.insert(number).inserted { isNew = true }
      } catch {
        guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
      }
    }
    return isNew
  }
}
