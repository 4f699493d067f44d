import Glibc

/// The names that a path depends on besides folders that are none of a link's: every symbolic link on the way, and the
/// last name. If one of them changes, the path may lead elsewhere.
struct LinkTrail {
  /// A name in a folder whose own path has no links.
  struct Step: Hashable, Sendable {
    var folder: String
    var name: String
  }

  /// In the order of the way; the last is the end, or the first name that does not exist.
  private(set) var steps: [Step] = []

  init(following path: String) {
    var rest = path.split(separator: "/").map(String.init).reversed() as [String]
    var folder = path.hasPrefix("/") ? "" : "."
    var links = 0
    while let name = rest.popLast() {
      guard name != "." else { continue }
      guard name != ".." else {
        folder = parent(of: folder)
        continue
      }
      let step = Step(folder: folder.isEmpty ? "/" : folder, name: name)
      let here = "\(folder)/\(name)"
      switch PathStatus(here, followingLinks: false) {
      case .link:
        steps.append(step)
        links += 1
        guard links <= 40, let target = readLink(here) else { return }
        if target.hasPrefix("/") { folder = "" }
        rest += target.split(separator: "/").map(String.init).reversed()
      case .folder:
        if rest.isEmpty { steps.append(step) }
        folder = here
      case .file, .missing, .unreadable:
        steps.append(step)
        return
      }
    }
  }
}

/// Of a path without links.
private func parent(of folder: String) -> String {
  guard let slash = folder.lastIndex(of: "/"), folder != "..", !folder.hasSuffix("/..") else {
    return folder.isEmpty ? "" : "\(folder)/.."
  }
  return String(folder[..<slash])
}

private func readLink(_ path: String) -> String? {
  let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
    let length = buffer.withMemoryRebound(to: CChar.self) { text in
      text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
    }
    count = max(0, length)
  }
  return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
}
