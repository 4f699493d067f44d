import Glibc

/// A netlink call failed, or the kernel answered with an error.
package struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as a verb and its object: `open a netlink socket`.
  package var operation: String

  /// The errno; 0 where an answer could not be understood.
  package var code: Int32

  /// The kernel's own words (NLMSGERR_ATTR_MSG), where it had some.
  package var message: String?

  /// The offset of the attribute in the request that the kernel complains of (NLMSGERR_ATTR_OFFS).
  package var offset: UInt32?

  /// The sequence number of the message that was refused; `nil` where the call itself failed.
  package var sequence: UInt32?

  package init(
    _ operation: String, code: Int32, message: String? = nil, offset: UInt32? = nil, sequence: UInt32? = nil
  ) {
    self.operation = operation
    self.code = code
    self.message = message
    self.offset = offset
    self.sequence = sequence
  }

  /// What to do about it; `nil` where there is nothing general to say.
  package var advice: String? {
    switch code {
    case EPERM, EACCES: "run as root or with CAP_NET_ADMIN in this network namespace"
    case ENOBUFS: "answers of the kernel were lost; read the state again"
    case EMSGSIZE: "the message is larger than the socket's send buffer; CAP_NET_ADMIN lets it grow"
    case EINTR, EAGAIN: "try again"
    case EPROTONOSUPPORT, EAFNOSUPPORT: "this kernel has no netlink of this kind"
    default: nil
    }
  }

  /// `open a netlink socket: Operation not permitted; run as root …`.
  package var description: String {
    let said = message.map { " (\($0))" } ?? ""
    let advised = advice.map { "; \($0)" } ?? ""
    return "\(operation): \(code == 0 ? "not understood" : String(cString: strerror(code)))\(said)\(advised)"
  }
}
