import CNetfilter
import Glibc
import Netlink
import Nftables

extension KernelError {
  /// libnftnl could not allocate an object.
  static let outOfMemory = KernelError(operation: "write a message", code: ENOMEM, reason: "no memory (ENOMEM)")

  /// What was read and written no longer fits together.
  static func changed(_ operation: String) -> KernelError {
    KernelError(operation: operation, code: ERESTART, reason: explanation(of: ERESTART))
  }

  /// The error of `operation`, explained.
  init(_ operation: String, _ error: NetlinkError) {
    let said = error.message.map { "; the kernel says: \($0)" } ?? ""
    self.init(operation: operation, code: error.code, reason: explanation(of: error.code) + said)
  }
}

/// What an errno means in a transaction, and what to do about it.
private func explanation(of code: Int32) -> String {
  switch code {
  case EPERM:
    "not allowed (EPERM): run as root with CAP_NET_ADMIN, and see that no other process owns the table"
  case ENOENT: "the table, chain, set or element is not there (ENOENT): the kernel holds something else, read it again"
  case EEXIST: "it exists already and is different (EEXIST): the kernel holds something else, read it again"
  case EBUSY: "it is still used (EBUSY): a rule that the transaction does not remove refers to it"
  case ENFILE: "the set is full (ENFILE): replace it by one with a larger size"
  case ERESTART: "another process changed the ruleset meanwhile (ERESTART): read it again and repeat"
  case EOPNOTSUPP:
    "this kernel cannot do it (EOPNOTSUPP): moat needs nf_tables with inet tables, concatenated sets, fib and reject"
  case ENOBUFS: "the kernel's answer was lost (ENOBUFS): whether it took effect is not known, read again"
  case EMSGSIZE: "the transaction is larger than the socket's send buffer (EMSGSIZE): CAP_NET_ADMIN lets it grow"
  case ENOMEM: "the kernel has no memory for it (ENOMEM)"
  case EINVAL: "the kernel does not understand it (EINVAL)"
  case ENODATA: "the kernel did not answer (ENODATA): nothing is known to have taken effect, read again"
  default: code == 0 ? "the answer cannot be understood" : "\(String(cString: strerror(code))) (errno \(code))"
  }
}
