/// Gloo `networking.gloo.solo.io/v2 VirtualGateway`: gateway workloads and what they listen for.
package struct VirtualGateway: Hashable, Sendable {
  /// Name, namespace and labels.
  package var metadata: Metadata

  /// What the management plane says of it (S12).
  package var approval: Approval

  /// `nil` where the list is absent (G1: grants nothing).
  package var workloads: [Part<WorkloadSelector>]?

  /// Its listeners, those not understood included.
  package var listeners: [Part<Listener>]

  /// What was not understood outside the parts above; if there is any, the gateway grants nothing.
  package var misunderstandings: [Misunderstanding]

  package init(
    metadata: Metadata, approval: Approval = .absent, workloads: [Part<WorkloadSelector>]?,
    listeners: [Part<Listener>], misunderstandings: [Misunderstanding] = []
  ) {
    self.metadata = metadata
    self.approval = approval
    self.workloads = workloads
    self.listeners = listeners
    self.misunderstandings = misunderstandings
  }

  /// Kind, namespace and name, for messages.
  package var reference: ObjectReference {
    ObjectReference(kind: "VirtualGateway", namespace: metadata.namespace, name: metadata.name)
  }
}

/// One of `workloads[]`: picks gateway Services, or pods where no Service matches.
package struct WorkloadSelector: Hashable, Sendable {
  /// Absent selects nothing.
  package var selector: ObjectSelector?

  /// `kind: VM`: never a pod.
  package var isVirtualMachine: Bool

  package init(selector: ObjectSelector?, isVirtualMachine: Bool = false) {
    self.selector = selector
    self.isVirtualMachine = isVirtualMachine
  }
}

/// One of `listeners[]`.
package struct Listener: Hashable, Sendable {
  /// `tls.mode`.
  package enum TLSMode: String, Hashable, Sendable, CaseIterable {
    case passthrough = "PASSTHROUGH"
    case simple = "SIMPLE"
    case mutual = "MUTUAL"
    case autoPassthrough = "AUTO_PASSTHROUGH"
    case istioMutual = "ISTIO_MUTUAL"
    case optionalMutual = "OPTIONAL_MUTUAL"
  }

  /// A port of the gateway's Service.
  package var port: PortReference

  /// Absent: no TLS.
  package var tls: TLSMode?

  /// Empty: every ExternalService is exposed.
  package var exposed: [Part<ExposedExternalService>]

  package init(port: PortReference, tls: TLSMode? = nil, exposed: [Part<ExposedExternalService>] = []) {
    self.port = port
    self.tls = tls
    self.exposed = exposed
  }
}

/// One of `exposedExternalServices[]`: host and labels are AND'ed.
package struct ExposedExternalService: Hashable, Sendable {
  /// `[namespace/]dnsName`; namespace `*` (the default) or `.` for the gateway's own.
  package var host: ExposedHost

  /// Labels of the ExternalService; empty means any.
  package var selector: [String: String]

  package init(host: ExposedHost, selector: [String: String] = [:]) {
    self.host = host
    self.selector = selector
  }
}

/// The host of an exposed service.
package struct ExposedHost: Hashable, Sendable {
  /// `nil` for `*` and for no namespace at all; `.` is kept.
  package var namespace: String?

  /// Lower case; a wildcard in the first label only, or `*` alone.
  package var name: String

  package init(namespace: String? = nil, name: String) {
    self.namespace = namespace
    self.name = name
  }
}
