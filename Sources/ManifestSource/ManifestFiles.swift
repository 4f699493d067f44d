import ClusterModel
import Dispatch
import Glibc
import Synchronization

/// The largest file that is read, in bytes: 256 MiB.
package let maximumFileSize = 256 << 20

/// Reads manifests: files, folders with everything below them, and `-` for standard input.
///
/// In folders `.yaml`, `.yml` and `.json` files are read in the order of their names; hidden files and folders are not.
/// A file is read once, by whatever names it is reached. Nothing is thrown: what could not be read is in `errors`.
package func loadManifests(
  paths: [String], standardInput: Int32 = STDIN_FILENO
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
  scan.emptyFolders.forEach { collector.note("\($0): holds no .yaml, .yml or .json file") }
  return collector.finish()
}

extension FileReading {
  /// Reads a file from the disk; what cannot be read is an error of it.
  init(ofFile path: String) {
    do throws(ManifestError) {
      self.init(try contents(ofFile: path), file: path, isJSON: path.lowercased().hasSuffix(".json"))
    } catch {
      self.init(failure: error)
    }
  }
}

/// Reads files, many of them by all processors. In the order of `files`.
func readings(of files: [FoundFile]) -> [FileReading] {
  let read = { @Sendable (file: FoundFile) in
    file.stamp.isRegular
      ? FileReading(ofFile: file.path)
      : FileReading(failure: ManifestError("is no regular file", at: ManifestPlace(file: file.path)))
  }
  let share = 64
  guard files.count > share else { return files.map(read) }
  let parts = Mutex<[Int: [FileReading]]>([:])
  DispatchQueue.concurrentPerform(iterations: (files.count + share - 1) / share) { part in
    let result = files[(part * share)..<min((part + 1) * share, files.count)].map(read)
    parts.withLock { $0[part] = result }
  }
  return parts.withLock { parts in parts.keys.sorted().flatMap { parts[$0] ?? [] } }
}

/// Everything the file at `path` holds, `limit` bytes at most.
///
/// See: open(2)
package func contents(ofFile path: String, atMost limit: Int = maximumFileSize) throws(ManifestError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw ManifestError("cannot be opened: \(String(cString: strerror(errno)))", at: ManifestPlace(file: path))
  }
  defer { close(descriptor) }
  return try contents(of: descriptor, name: path, atMost: limit)
}

/// Everything that can be read from an open file, `limit` bytes at most; `name` is its name in errors.
///
/// See: read(2)
package func contents(
  of descriptor: Int32, name: String, atMost limit: Int = maximumFileSize
) throws(ManifestError) -> [UInt8] {
  let place = ManifestPlace(file: name)
  let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
  defer { chunk.deallocate() }
  var result: [UInt8] = []
  while result.count <= limit {
    let count = read(descriptor, chunk.baseAddress, chunk.count)
    if count == 0 { return result }
    guard count > 0 || errno == EINTR else {
      throw ManifestError("cannot be read: \(String(cString: strerror(errno)))", at: place)
    }
    result.append(contentsOf: chunk.prefix(max(count, 0)))
  }
  throw ManifestError("is larger than \(limit >> 20) MiB, the most that is read", at: place)
}
