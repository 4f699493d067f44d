import CLibmnl
import CLibnftnl
import CNetfilter

/// A C library that moat stands on.
package struct LibraryVersion: Hashable, Sendable {
  /// The library's name.
  package var name: String

  /// What pkg-config told when moat was built; `nil` where the build did not ask it. The headers do not tell.
  package var builtAgainst: String?

  /// The file in use now, `libmnl.so.0.2.0`; `static` where the library is part of the executable.
  package var file: String
}

/// The C libraries, in alphabetical order.
package var libraryVersions: [LibraryVersion] {
  let open: @convention(c) (Int32) -> OpaquePointer? = mnl_socket_open
  let allocate: @convention(c) () -> OpaquePointer? = nftnl_rule_alloc
  return [
    LibraryVersion(
      name: "libmnl", builtAgainst: moat_libmnl_version().map { String(cString: $0) },
      file: fileName(holding: unsafeBitCast(open, to: UnsafeRawPointer.self))),
    LibraryVersion(
      name: "libnftnl", builtAgainst: moat_libnftnl_version().map { String(cString: $0) },
      file: fileName(holding: unsafeBitCast(allocate, to: UnsafeRawPointer.self))),
  ]
}

private func fileName(holding symbol: UnsafeRawPointer) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    moat_library_file(symbol, buffer.baseAddress, buffer.count).map { String(cString: $0) } ?? "static"
  }
}
