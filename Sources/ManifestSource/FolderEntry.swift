import Glibc

/// What a folder holds.
struct FolderEntry {
  var name: String

  /// `DT_DIR`, `DT_LNK` and the like; `DT_UNKNOWN` where the file system does not say. See: readdir(3)
  var type: UInt8
}

/// The entries of a folder in the order of their names, without `.` and `..`.
func entries(of folder: String) throws(ManifestError) -> [FolderEntry] {
  guard let stream = opendir(folder) else {
    throw ManifestError("cannot be listed: \(String(cString: strerror(errno)))", at: ManifestPlace(file: folder))
  }
  defer { closedir(stream) }
  var entries: [FolderEntry] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { entries.append(FolderEntry(name: name, type: entry.pointee.d_type)) }
  }
  return entries.sorted { $0.name < $1.name }
}
