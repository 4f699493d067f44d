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
  if paths.contains("-") {
    do { collector.add(try contents(of: standardInput, name: "standard input"), file: "standard input") } catch {
      collector.note(error)
    }
  }
  let scan = FolderScan(paths.filter { $0 != "-" })
  scan.errors.forEach { collector.note($0) }
  for file in scan.files { collector.add(FileReading(ofFile: file.path)) }
  return collector.finish()
}

extension FileReading {
  /// Reads a file from the disk; what cannot be read is an error of it.
  init(ofFile path: String) {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      self.init(failure: ManifestError("cannot be opened for reading", at: ManifestPlace(file: path)))
      return
    }
    do throws(ManifestError) {
      self.init(try contents(of: handle, name: path), file: path, isJSON: path.lowercased().hasSuffix(".json"))
    } catch {
      self.init(failure: error)
    }
  }
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
