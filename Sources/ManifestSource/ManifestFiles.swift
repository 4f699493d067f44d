import ClusterModel
import Foundation

/// The largest file that is read, in bytes: 256 MiB.
let maximumFileSize = 256 << 20

/// Reads manifests: files, folders with everything below them, and `-` for standard input.
///
/// In folders `.yaml`, `.yml` and `.json` files are read in the order of their names; hidden files and folders are not.
/// A file is read once, by whatever names it is reached. Nothing is thrown: what could not be read is in `errors`.
package func loadManifests(
  paths: [String], standardInput: FileHandle = .standardInput
) -> ManifestReading {
  var collector = ManifestCollector()
  var walk = FileWalk()
  for path in paths {
    if path == "-" {
      load(standardInput, name: "standard input", isJSON: false, into: &collector)
      continue
    }
    for found in walk.files(at: path) {
      switch found {
      case .success(let file): loadFile(file, into: &collector)
      case .failure(let error): collector.note(error)
      }
    }
  }
  return collector.finish()
}

private func loadFile(_ path: String, into collector: inout ManifestCollector) {
  guard let handle = FileHandle(forReadingAtPath: path) else {
    collector.note(ManifestError("cannot be opened for reading", at: ManifestPlace(file: path)))
    return
  }
  load(handle, name: path, isJSON: path.lowercased().hasSuffix(".json"), into: &collector)
}

private func load(_ handle: FileHandle, name: String, isJSON: Bool, into collector: inout ManifestCollector) {
  do { collector.add(try contents(of: handle, name: name), file: name, isJSON: isJSON) } catch { collector.note(error) }
}

/// Everything a file holds, up to `maximumFileSize`.
func contents(of handle: FileHandle, name: String) throws(ManifestError) -> [UInt8] {
  let place = ManifestPlace(file: name)
  var result: [UInt8] = []
  do {
    while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
      result += data
      if result.count > maximumFileSize { break }
    }
  } catch {
    throw ManifestError("cannot be read: \(shown(error.localizedDescription))", at: place)
  }
  guard result.count <= maximumFileSize else {
    throw ManifestError("is larger than \(maximumFileSize >> 20) MiB, the most that is read", at: place)
  }
  return result
}

/// Finds the files below paths, each once.
private struct FileWalk {
  /// Resolved paths of the files and folders already found: links may lead in circles.
  private var visited: Set<String> = []

  /// The files at `path`, in order.
  mutating func files(at path: String) -> [Result<String, ManifestError>] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return [.failure(ManifestError("does not exist", at: ManifestPlace(file: path)))]
    }
    guard visited.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted else { return [] }
    return isFolder.boolValue ? files(inFolder: path) : [.success(path)]
  }

  private mutating func files(inFolder path: String) -> [Result<String, ManifestError>] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
      return [
        .failure(
          ManifestError("cannot be listed: \(shown(error.localizedDescription))", at: ManifestPlace(file: path)))
      ]
    }
    var result: [Result<String, ManifestError>] = []
    for name in names where !name.hasPrefix(".") {
      let child = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: child, isDirectory: &isFolder)
      if isFolder.boolValue || isManifestName(name) {
        result += exists ? files(at: child) : [danglingLink(child)]
      }
    }
    return result
  }

  private func danglingLink(_ path: String) -> Result<String, ManifestError> {
    .failure(ManifestError("is a link to something that does not exist", at: ManifestPlace(file: path)))
  }

  private func isManifestName(_ name: String) -> Bool {
    [".yaml", ".yml", ".json"].contains { name.lowercased().hasSuffix($0) }
  }
}
