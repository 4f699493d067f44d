import Glibc

/// What a burst of events means for a set of manifests.
struct ManifestChanges {
  /// Plain files in listed folders that are to be looked at again.
  private(set) var files: Set<String> = []

  /// Paths whose contents are not what was read, however their stamps look.
  private(set) var outdated: Set<String> = []

  /// Whether folders or links changed, so that everything is to be looked for again.
  private(set) var needsScan = false

  /// Whether events were lost.
  private(set) var hasLost = false

  /// Sorts the events. `unfinished` are the files that somebody is writing: their contents count when they are closed.
  init(_ events: [Inotify.Event], in folders: [Int32: WatchedFolders.Folder], unfinished: inout Set<String>) {
    for event in events {
      if event.has(IN_Q_OVERFLOW) { hasLost = true }
      guard let folder = folders[event.watch] else { continue }
      if event.has(IN_IGNORED, IN_DELETE_SELF, IN_MOVE_SELF, IN_UNMOUNT) {
        needsScan = true
        continue
      }
      for path in folder.names[event.name] ?? [] { add(event, path, isPlain: false, &unfinished) }
      if let parent = folder.listedAs, !event.name.hasPrefix("."), folder.names[event.name] == nil {
        add(event, parent.hasSuffix("/") ? parent + event.name : "\(parent)/\(event.name)", isPlain: true, &unfinished)
      }
    }
    if hasLost { unfinished = [] }
  }

  /// - Parameter isPlain: whether the event is about a name in a listed folder that is no link.
  private mutating func add(_ event: Inotify.Event, _ path: String, isPlain: Bool, _ unfinished: inout Set<String>) {
    if event.has(IN_ISDIR) {
      needsScan = true
    } else if event.has(IN_MODIFY) {
      unfinished.insert(path)
    } else if isPlain, !isManifestName(path) {
      // A link to a folder may have come; one that goes is known by its trail.
      if event.has(IN_CREATE, IN_MOVED_TO), case .link = PathStatus(path, followingLinks: false) { needsScan = true }
    } else if event.has(IN_CREATE), isBeingWritten(path) {
      unfinished.insert(path)
    } else {
      unfinished.remove(path)
      outdated.insert(path)
      if isPlain, isPlainFile(path) { files.insert(path) } else { needsScan = true }
    }
  }
}

/// Whether a file that has just come is filled by whoever made it: another name of an old file, or a link, is not.
private func isBeingWritten(_ path: String) -> Bool {
  guard case .file(let stamp) = PathStatus(path, followingLinks: false) else { return false }
  return !stamp.hasOtherNames
}

/// Whether the path is a file of one name, or of none any more.
private func isPlainFile(_ path: String) -> Bool {
  switch PathStatus(path, followingLinks: false) {
  case .file(let stamp): !stamp.hasOtherNames
  case .missing: true
  case .folder, .link, .unreadable: false
  }
}
