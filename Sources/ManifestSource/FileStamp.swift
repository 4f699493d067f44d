import Glibc

/// What tells a file's contents from others without reading them.
struct FileStamp: Hashable, Sendable {
  private var device: UInt
  private var inode: UInt
  private var size: Int
  private var modified: [Int]

  /// Not a pipe, a device or a socket.
  var isRegular: Bool

  /// Whether the file has further names (hard links).
  var hasOtherNames: Bool

  init(_ status: stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    isRegular = status.st_mode & S_IFMT == S_IFREG
    hasOtherNames = status.st_nlink > 1
  }

  /// Which file it is, by whatever name.
  var identity: FileIdentity { FileIdentity(device: device, inode: inode) }
}

/// A file or folder, whatever it is called.
struct FileIdentity: Hashable, Sendable {
  var device: UInt
  var inode: UInt
}

/// What a name leads to.
enum PathStatus {
  case folder(FileStamp)

  /// Also pipes and devices.
  case file(FileStamp)
  case link

  /// Also a link that leads nowhere, or in a circle.
  case missing
  case unreadable(code: Int32)

  /// - Parameter followingLinks: if not, a symbolic link is `.link`.
  init(_ path: String, followingLinks: Bool = true) {
    var status = stat()
    let result = followingLinks ? stat(path, &status) : lstat(path, &status)
    guard result == 0 else {
      self = [ENOENT, ENOTDIR, ELOOP].contains(errno) ? .missing : .unreadable(code: errno)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: self = .folder(FileStamp(status))
    case S_IFLNK: self = .link
    default: self = .file(FileStamp(status))
    }
  }
}
