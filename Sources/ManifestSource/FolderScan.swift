import ClusterModel
import Glibc

/// A manifest file that a scan came upon.
struct FoundFile: Sendable {
  var path: String
  var stamp: FileStamp
}

/// Finds the manifests below paths, each file once by whatever names it is reached.
///
/// In folders `.yaml`, `.yml` and `.json` files are found in the order of their names; hidden files and folders are not.
struct FolderScan {
  /// In order.
  private(set) var files: [FoundFile] = []
  private(set) var errors: [ManifestError] = []

  /// Folders among the given paths in which nothing was found.
  private(set) var emptyFolders: [String] = []

  /// Files and folders already found: links may lead in circles.
  private var visited: Set<FileIdentity> = []
  private let observer: any FolderScanObserver

  /// - Parameter observer: is told of every place before it is looked at.
  init(_ paths: [String], observer: any FolderScanObserver = NoObserver()) {
    self.observer = observer
    for path in paths {
      observer.willFollow(path)
      let (before, known) = (files.count + errors.count, visited.count)
      add(path, missing: "does not exist", isGiven: true)
      if visited.count > known, files.count + errors.count == before { emptyFolders.append(path) }
    }
  }

  /// The paths of files that lie in an unreadable or missing place are unknown. Pipes and devices are read only where
  /// somebody named them.
  private mutating func add(_ path: String, missing: String, isGiven: Bool = false) {
    switch PathStatus(path) {
    case .folder(let stamp):
      if visited.insert(stamp.identity).inserted { addContents(of: path) }
    case .file(let stamp) where !stamp.isRegular && !isGiven: note("is no regular file", path)
    case .file(let stamp):
      if visited.insert(stamp.identity).inserted { files.append(FoundFile(path: path, stamp: stamp)) }
    case .missing, .link: note(missing, path)
    case .unreadable(let code): note("cannot be opened: \(String(cString: strerror(code)))", path)
    }
  }

  private mutating func addContents(of folder: String) {
    observer.willList(folder)
    do throws(ManifestError) {
      for entry in try entries(of: folder) where entry.name.first != "." { add(entry, in: folder) }
    } catch { errors.append(error) }
  }

  private mutating func add(_ entry: FolderEntry, in folder: String) {
    let (name, type) = (entry.name, entry.type)
    let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    let isLink = type == UInt8(DT_LNK) || type == UInt8(DT_UNKNOWN)
    if isLink { observer.willFollow(path) }
    if isManifestName(name) {
      add(path, missing: isLink ? "is a link to something that does not exist" : "has just gone")
    } else if type == UInt8(DT_DIR) || isLink, case .folder = PathStatus(path) {
      add(path, missing: "has just gone")
    }
  }

  private mutating func note(_ message: String, _ path: String) {
    errors.append(ManifestError(message, at: ManifestPlace(file: path)))
  }
}

/// Hears of every place that a scan depends on.
protocol FolderScanObserver {
  /// The contents of `folder` are about to be read.
  func willList(_ folder: String)

  /// `path` is a link, or a path that somebody gave: where it leads depends on folders above it.
  func willFollow(_ path: String)
}

/// Nobody listens.
private struct NoObserver: FolderScanObserver {
  func willList(_ folder: String) {}
  func willFollow(_ path: String) {}
}

/// Whether a file in a folder is a manifest by its name.
func isManifestName(_ name: String) -> Bool {
  [".yaml", ".yml", ".json"].contains { name.lowercased().hasSuffix($0) }
}
