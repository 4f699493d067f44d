/// The folders that a set of manifests depends on, as far as the kernel was asked to tell of their changes.
final class WatchedFolders: FolderScanObserver {
  /// Why one folder matters.
  struct Folder {
    /// The path by which the manifests in it are known; absent where only `names` matter.
    var listedAs: String?

    /// Single names that matter, each with the paths that lead through it.
    var names: [String: Set<String>] = [:]
  }

  /// By the number of the watch.
  private(set) var folders: [Int32: Folder] = [:]

  /// What could not be watched in the last scan.
  private(set) var failures: [Inotify.Failure] = []
  private let inotify: Inotify
  private var former: Set<Int32> = []

  init(_ inotify: Inotify) { self.inotify = inotify }

  /// Looks at `paths`, and watches whatever the result depends on. Each folder is watched before it is read, so that no
  /// change is missed.
  func scan(_ paths: [String]) -> FolderScan {
    former = Set(folders.keys)
    folders = [:]
    failures = []
    let result = FolderScan(paths, observer: self)
    former.subtracting(folders.keys).forEach(inotify.forget)
    return result
  }

  func willList(_ folder: String) { watch(folder) { $0.listedAs = folder } }

  func willFollow(_ path: String) {
    for step in LinkTrail(following: path).steps {
      watch(step.folder) { $0.names[step.name, default: []].insert(path) }
    }
  }

  private func watch(_ path: String, _ note: (inout Folder) -> Void) {
    do throws(Inotify.Failure) {
      note(&folders[try inotify.watch(path), default: Folder()])
    } catch {
      failures.append(error)
    }
  }
}
