import CLibmnl
import CLibnftnl
import CNetfilter

/// The files of the C libraries in use, by name: `libmnl` → `libmnl.so.0.2.0`; `static` where they are part of the
/// executable.
///
/// The headers of neither library tell its version.
package var libraryVersions: [(name: String, version: String)] {
  let open: @convention(c) (Int32) -> OpaquePointer? = mnl_socket_open
  let allocate: @convention(c) () -> OpaquePointer? = nftnl_rule_alloc
  return [
    ("libmnl", fileName(holding: unsafeBitCast(open, to: UnsafeRawPointer.self))),
    ("libnftnl", fileName(holding: unsafeBitCast(allocate, to: UnsafeRawPointer.self))),
  ]
}

private func fileName(holding symbol: UnsafeRawPointer) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    moat_library_file(symbol, buffer.baseAddress, buffer.count).map { String(cString: $0) } ?? "static"
  }
}
