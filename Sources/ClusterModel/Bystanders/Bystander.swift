/// An object beside the egress model: Istio's own, a NetworkPolicy, what pods are made from.
///
/// It allows nothing, whatever it says: no flow is ever derived from one. It is read from manifests alone, for
/// `moat check` to look into it for the mistakes that real samples contain; the API server is not asked for such kinds.
package struct Bystander: Hashable, Sendable {
  /// What of it is looked into.
  package enum Content: Hashable, Sendable {
    case serviceEntry(ServiceEntry)
    case virtualService(VirtualService)
    case gateway(IstioGateway)
    case destinationRule(DestinationRule)
    case sidecar(Sidecar)
    case networkPolicy(NetworkPolicy)
    case workload(Workload)
  }

  /// Kind, namespace and name; `default` where the manifest names no namespace.
  package var reference: ObjectReference

  /// Its fields, as far as they were understood.
  package var content: Content

  /// What of them was not understood.
  package var misunderstandings: [Misunderstanding]

  package init(reference: ObjectReference, content: Content, misunderstandings: [Misunderstanding] = []) {
    self.reference = reference
    self.content = content
    self.misunderstandings = misunderstandings
  }

  /// Its namespace.
  package var namespace: String { reference.namespace ?? "" }
}

/// The kinds of bystanders, with the API versions whose fields are known.
package enum BystanderKind: String, Hashable, Sendable, CaseIterable {
  case serviceEntry = "ServiceEntry"
  case virtualService = "VirtualService"
  case gateway = "Gateway"
  case destinationRule = "DestinationRule"
  case sidecar = "Sidecar"
  case networkPolicy = "NetworkPolicy"
  case deployment = "Deployment"
  case daemonSet = "DaemonSet"
  case statefulSet = "StatefulSet"

  /// Whether an object of this kind and API is looked into. The Gateway API has a Gateway of its own, which is not.
  package func isLookedInto(group: String, version: String) -> Bool {
    switch self {
    case .serviceEntry, .virtualService, .gateway, .destinationRule, .sidecar:
      group == "networking.istio.io" && ["v1", "v1beta1", "v1alpha3"].contains(version)
    case .networkPolicy: group == "networking.k8s.io" && version == "v1"
    case .deployment, .daemonSet, .statefulSet: group == "apps" && version == "v1"
    }
  }
}

/// A text of an object, and where it stands in it.
package struct PlacedText: Hashable, Sendable {
  /// As it was written, host names in lower case and without a final dot.
  package var text: String

  /// From the object's root: `spec.hosts[0]`.
  package var path: String

  package init(text: String, path: String) {
    self.text = text
    self.path = path
  }
}

/// What pods are made from, as a Deployment, DaemonSet or StatefulSet has it.
package struct Workload: Hashable, Sendable {
  /// `spec.template.metadata.labels`: what selectors select its pods by.
  package var podLabels: [String: String]

  package init(podLabels: [String: String]) { self.podLabels = podLabels }
}
