import Glibc
import Nftables

/// How a process holds moat's tables.
package struct KernelAccess: Hashable, Sendable {
  /// Whether the tables are to belong to this process alone (NFT_TABLE_F_OWNER), where the kernel can do that. They
  /// outlive it all the same.
  package var ownsTables: Bool

  package init(ownsTables: Bool) { self.ownsTables = ownsTables }

  /// Opens the kernel for the calling thread, which alone may use it. Orphaned tables are owned when it returns.
  ///
  /// - Parameter descriptors: sockets of earlier daemons, of which one that owns the tables is used. They are closed
  ///   with the kernel, or at once.
  /// - Throws: `KernelError`.
  package func open(inheriting descriptors: [Int32] = []) throws(KernelError) -> LibnftnlKernel {
    guard ownsTables else {
      for descriptor in descriptors { close(descriptor) }
      return try LibnftnlKernel(ownership: .none)
    }
    let inherited = descriptors.compactMap(inherit)
    let best = inherited.first(where: ownsTable) ?? inherited.first
    let kernel = if let best { best } else { try LibnftnlKernel(ownership: .owned) }
    // Whatever cannot be owned now, reading refuses, and says why.
    do throws(KernelError) { try kernel.adopt() } catch { return kernel }
    return kernel
  }

  /// `nil` for what is no socket of this namespace's nf_tables.
  private func inherit(_ descriptor: Int32) -> LibnftnlKernel? {
    do throws(KernelError) { return try LibnftnlKernel(adopting: descriptor) } catch {
      close(descriptor)
      return nil
    }
  }

  private func ownsTable(_ kernel: LibnftnlKernel) -> Bool {
    ownTables.contains { table in
      do throws(KernelError) { return try kernel.standing(of: table) == .own } catch { return false }
    }
  }
}
