import ClusterModel

/// Manifests on the disk, decoded and kept current with the kernel's help: only files that changed are read again.
///
/// A file counts as it was when its writer last closed it, or when it was last renamed into place. While it cannot be
/// read or understood, what it held before stays. Not to be used by two threads at once.
package final class WatchedManifests {
  /// A file's last good contents, and what is wrong with its newest.
  private struct CachedFile {
    var stamp: FileStamp
    var contents: FileReading?
    var errors: [ManifestError] = []
  }

  private let paths: [String]
  private let inotify: Inotify?
  private let folders: WatchedFolders?
  private var inotifyFailure: Inotify.Failure?
  private var files: [String: CachedFile] = [:]

  /// Of `files`: those of which something could not be read or understood, and those that could not be read at all.
  private var faulty: Set<String> = []
  private var unread: Set<String> = []
  private var kinds = KindsInFiles()
  private var unfinished: Set<String> = []
  private var scanErrors: [ManifestError] = []
  private var hasBeenComplete = false

  /// Files that have gone, and until when they may come back as if nothing had happened.
  private var vanished: [String: ContinuousClock.Instant] = [:]

  /// When what could not be read is tried again: the reason may pass without an event.
  private var retry: ContinuousClock.Instant?
  private let pause = Duration.seconds(2)

  /// How long an editor may take between putting a file aside and writing it anew.
  private let grace = Duration.milliseconds(5)

  /// Reads everything below `paths`.
  package init(_ paths: [String]) {
    self.paths = paths
    do throws(Inotify.Failure) {
      let inotify = try Inotify()
      self.inotify = inotify
      folders = WatchedFolders(inotify)
    } catch {
      inotify = nil
      folders = nil
      inotifyFailure = error
    }
    scan(outdated: [], at: .now)
    planRetry(at: .now)
  }

  /// Readable when something may have changed; absent where the kernel cannot tell.
  package var descriptor: Int32? { inotify?.descriptor }

  /// When `update` is due even without an event.
  package var deadline: ContinuousClock.Instant? { [vanished.values.min(), retry].compactMap { $0 }.min() }

  /// Takes in everything that the kernel has to tell so far.
  ///
  /// - Returns: whether anything may have changed.
  package func update(at now: ContinuousClock.Instant = .now) -> Bool {
    guard let inotify, let folders else { return false }
    let changes = ManifestChanges(inotify.events(), in: folders.folders, unfinished: &unfinished)
    if changes.hasLost {
      readAgain()
      return true
    }
    let isRetry = retry.map { $0 <= now } ?? false
    if changes.needsScan || isRetry {
      scan(outdated: changes.outdated.union(unread), at: now)
    } else {
      for path in changes.files { look(at: path, at: now) }
    }
    let gone = vanished.filter { $0.value <= now }.keys
    for path in gone { forget(path) }
    planRetry(at: now)
    return changes.needsScan || isRetry || !changes.files.isEmpty || !gone.isEmpty
  }

  private func planRetry(at now: ContinuousClock.Instant) {
    guard !scanErrors.isEmpty || !unread.isEmpty else { return retry = nil }
    if retry.map({ $0 <= now }) ?? true { retry = now + pause }
  }

  /// Reads everything again, whatever is known.
  package func readAgain() {
    unfinished = []
    scan(outdated: Set(files.keys), at: .now)
    planRetry(at: .now)
  }

  private func scan(outdated: Set<String>, at now: ContinuousClock.Instant) {
    let scan = folders?.scan(paths) ?? FolderScan(paths)
    scanErrors = scan.errors
    var missing = Set(files.keys)
    var changed: [FoundFile] = []
    for file in scan.files {
      missing.remove(file.path)
      vanished[file.path] = nil
      if outdated.contains(file.path) || files[file.path]?.stamp != file.stamp { changed.append(file) }
    }
    read(changed)
    for path in missing where !scan.errors.contains(where: { path.isAtOrBelow($0.place.file) }) {
      if vanished[path] == nil { vanished[path] = now + grace }
    }
  }

  /// Looks at one plain file, of which the kernel told.
  private func look(at path: String, at now: ContinuousClock.Instant) {
    guard case .file(let stamp) = PathStatus(path, followingLinks: false) else {
      if files[path] != nil, vanished[path] == nil { vanished[path] = now + grace }
      return
    }
    vanished[path] = nil
    read([FoundFile(path: path, stamp: stamp)])
  }

  private func read(_ found: [FoundFile]) {
    let finished = found.filter { !unfinished.contains($0.path) }
    for (file, reading) in zip(finished, readings(of: finished)) { keep(reading, of: file) }
  }

  private func keep(_ reading: FileReading, of file: FoundFile) {
    var cached = files[file.path] ?? CachedFile(stamp: file.stamp)
    cached.stamp = file.stamp
    cached.errors = reading.errors
    if reading.errors.isEmpty {
      kinds.replace(cached.contents?.objects ?? [], by: reading.objects)
      cached.contents = reading
    }
    files[file.path] = cached
    if reading.errors.isEmpty { faulty.remove(file.path) } else { faulty.insert(file.path) }
    if reading.isUnread { unread.insert(file.path) } else { unread.remove(file.path) }
  }

  private func forget(_ path: String) {
    vanished[path] = nil
    kinds.replace(files.removeValue(forKey: path)?.contents?.objects ?? [], by: [])
    faulty.remove(path)
    unread.remove(path)
  }
}

extension WatchedManifests {
  /// What stands on the disk, and what is wrong with it.
  package struct State: Sendable {
    /// Absent until everything could be read once, and while an object is given twice: then which one is meant is not
    /// known, and what was enforced stays.
    package var snapshot: ClusterSnapshot?

    /// One sentence each. Where a snapshot is there all the same, it has the last good contents of these places.
    package var faults: [String]

    /// How many files were read.
    package var fileCount: Int

    /// How many objects they gave.
    package var objectCount: Int
  }

  /// Puts together what was read.
  package func state() -> State {
    let broken = faulty.sorted().compactMap { files[$0] }
    let reading = kinds.assemble()
    var faults = (scanErrors + broken.flatMap(\.errors) + reading.errors).map(\.description)
    let isWhole = scanErrors.isEmpty && broken.allSatisfy { $0.contents != nil }
    let isClear = reading.errors.isEmpty
    hasBeenComplete = hasBeenComplete || isWhole && isClear
    if !faults.isEmpty {
      faults[faults.count - 1] += hasBeenComplete ? "; what was read before stays" : "; nothing is derived without it"
    }
    faults += watchFaults
    return State(
      snapshot: hasBeenComplete && isClear ? reading.snapshot : nil, faults: faults, fileCount: files.count,
      objectCount: reading.objectCount)
  }

  private var watchFaults: [String] {
    let failures = (folders?.failures ?? []) + (inotifyFailure.map { [$0] } ?? [])
    guard let first = failures.first else { return [] }
    return ["\(first); changes there are seen only when the configuration is reread (SIGHUP)"]
  }
}

extension String {
  /// Whether this path is `other`, or lies below that folder.
  fileprivate func isAtOrBelow(_ other: String) -> Bool {
    self == other || hasPrefix(other.hasSuffix("/") ? other : other + "/")
  }
}
