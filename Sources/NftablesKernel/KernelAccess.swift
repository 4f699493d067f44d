import Nftables

/// How a process holds moat's tables.
package struct KernelAccess: Hashable, Sendable {
  /// Whether the tables are to belong to this process alone (NFT_TABLE_F_OWNER), where the kernel can do that. They
  /// outlive it all the same.
  package var ownsTables: Bool

  package init(ownsTables: Bool) { self.ownsTables = ownsTables }

  /// Opens the kernel for the calling thread, which alone may use it.
  ///
  /// - Throws: `KernelError`.
  package func open() throws(KernelError) -> LibnftnlKernel {
    try LibnftnlKernel(ownership: ownsTables ? .owned : .none)
  }
}
