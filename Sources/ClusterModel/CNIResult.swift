import NetworkValues

/// What the container runtime remembers of one pod's attachment to one network: an entry of `/var/lib/cni/results`.
///
/// Written by the runtime as root; a pod cannot reach it. Entries of pods that are gone may stay behind.
/// See: containernetworking/cni libcni, cniCacheV1; CNI specification, Result types
package struct CNIResult: Hashable, Sendable {
  /// One of `result.interfaces`.
  package struct Interface: Hashable, Sendable {
    /// The interface's name, as the plugin gave it.
    package var name: String

    /// The hardware address; empty where the result has none.
    package var hardwareAddress: [UInt8]

    /// Whether it lies in the pod's namespace rather than on the host.
    package var isInSandbox: Bool

    package init(name: String, hardwareAddress: [UInt8] = [], isInSandbox: Bool) {
      self.name = name
      self.hardwareAddress = hardwareAddress
      self.isInSandbox = isInSandbox
    }
  }

  /// K8S_POD_UID; older runtimes do not tell it.
  package var podUID: String?

  /// K8S_POD_NAMESPACE.
  package var podNamespace: String

  /// K8S_POD_NAME.
  package var podName: String

  /// `result.interfaces`, in the plugins' order.
  package var interfaces: [Interface]

  /// `result.ips[].address` without the lengths. Sorted.
  package var addresses: [IPAddress]

  package init(
    podUID: String?, podNamespace: String, podName: String, interfaces: [Interface], addresses: [IPAddress]
  ) {
    self.podUID = podUID
    self.podNamespace = podNamespace
    self.podName = podName
    self.interfaces = interfaces
    self.addresses = addresses
  }
}
