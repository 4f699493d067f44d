import NamespaceLab
import NetworkValues

/// Something that somebody tries.
package struct Attempt: Sendable {
  package var from: LabHost
  var means: Means

  /// How it is tried.
  enum Means {
    case web(WebRequest)
    case packet(IPAddress, Probe.Message)

    /// A frame with a SYN to the gateway that claims another source, made below the pod's own rules.
    case forged(source: IPAddress, to: IPAddress)

    /// What was opened before there were rules, and is used now.
    case standing(StandingKind)
  }
}

/// A conversation that outlives the loading of rules.
enum StandingKind {
  /// A TLS session of productpage's, past its sidecar.
  case session

  /// A UDP flow of productpage's.
  case datagrams

  /// What the outside sends on that flow.
  case answers
}

/// A request by HTTP or HTTPS.
struct WebRequest {
  /// Who makes it, and which way it takes out of its pod.
  enum Way: CustomStringConvertible {
    /// The application, redirected to its sidecar.
    case sidecar(OutboundPolicy)

    /// A process with the sidecar's own uid, which nothing redirects.
    case proxyUser

    /// The application, after somebody has flushed the pod's redirection.
    case flushed

    /// A process of a node, or of an outside host.
    case host

    var description: String {
      switch self {
      case .sidecar(.allowAny): "by the sidecar"
      case .sidecar(.registryOnly): "by the sidecar, REGISTRY_ONLY"
      case .proxyUser: "as uid 1337"
      case .flushed: "without redirection"
      case .host: "as root"
      }
    }
  }

  var way: Way
  var scheme = "https"
  var host: String?
  var address: IPAddress
  var port: UInt16

  /// Whether productpage's key is shown, to whoever asks for one.
  var showsKey = false
}

extension Attempt: CustomStringConvertible {
  package var description: String {
    switch means {
    case .web(let request): "\(from) \(request.way) to \(SocketAddress(request.address, request.port))"
    case .packet(let address, let message): "\(from) to \(address) \(message)"
    case .forged(let source, let target): "\(from) as \(source) to \(target)"
    case .standing(let kind): "\(from)'s \(kind)"
    }
  }
}
