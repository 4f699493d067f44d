import EgressPolicy
import Telemetry

/// What a node does, as one HTML document: no other file, no frame, no address is loaded by it.
///
/// Names come from the cluster, and so perhaps from an attacker: every text goes through `markup`, long ones are cut, and
/// of long lists the beginning is shown with how much there is besides. What the page says needs no script; its script
/// adds what is refused from now on.
package struct Page: Sendable {
  /// How the daemon is.
  package var status: StatusDocument

  /// The newest refused packets.
  package var flows: FlowsDocument

  /// Packets by the names of the table's counters; `nil` where the kernel could not be read.
  package var counters: [String: UInt64]?

  /// What is allowed; `nil` before something was derived.
  package var graph: EgressGraph?

  /// When it is made.
  package var now: Timestamp

  package init(
    status: StatusDocument, flows: FlowsDocument, counters: [String: UInt64]?, graph: EgressGraph?,
    now: Timestamp = .now
  ) {
    self.status = status
    self.flows = flows
    self.counters = counters
    self.graph = graph
    self.now = now
  }

  /// How many refused packets are shown.
  static let shownRecords = 50

  /// How many vertices of a column are shown: as many of these as keep the page below `sizeLimit`. Where names are as
  /// long as they may be, and need escapes, that is fewer.
  private static let shownVertices = [20, 8, 4, 1]

  /// Bytes.
  package static let sizeLimit = 1 << 20

  /// The header Content-Security-Policy that the page is to be sent with: nothing but its own style and script.
  package static func policy(nonce: String) -> String {
    "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  }

  /// The document.
  ///
  /// - Parameter nonce: of letters and digits, never used before.
  package func html(nonce: String) -> String {
    var result = ""
    for limit in Self.shownVertices {
      result = html(nonce: nonce, graph: graph?.bounded(to: limit))
      if result.utf8.count <= Self.sizeLimit { break }
    }
    return result
  }

  private func html(nonce: String, graph: EgressGraph?) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(text(status.node)): \(text(status.state.rawValue)) – moat</title>
    <style nonce="\(nonce)">
    \(EgressGraph.pictureColors)\(EgressGraph.pictureStyle)\(Self.style)</style>
    </head>
    <body data-position="\(flows.position)" data-since="\(status.enforced?.since.description ?? "")">
    <a class="skip" href="#refused">To the refused connections</a>
    \(header)<main>
    \(state)\(refused)\(allowances(graph))\(findings)</main>
    <footer><p>moat \(text(status.version)), process \(status.process), started \(moment(status.started)). This page is of
    \(moment(now)). <a href="/">Load it again</a> for the newest.</p></footer>
    <script nonce="\(nonce)">
    \(Self.script)</script>
    </body>
    </html>

    """
  }

  private var header: String {
    let shade = status.state == .inSync ? "good" : status.state == .starting ? "caution" : "bad"
    return """
      <header>
      <p class="brand">moat</p>
      <h1>\(text(status.node))</h1>
      <p><span class="badge \(shade)" id="state">\(text(status.state.rawValue))</span> since \(moment(status.since))</p>
      </header>

      """
  }
}

/// Text from the cluster: printable, cut, escaped.
func text(_ text: String, limit: Int = 200) -> String { markup(printable(text, limit: limit)) }

/// A moment for people, and for programs.
func moment(_ time: Timestamp) -> String { moment(time.description) }

/// - Parameter time: RFC 3339.
func moment(_ time: String) -> String {
  let short = time.prefix(19).replacing("T", with: " ")
  return "<time datetime=\"\(text(time, limit: 40))\">\(text(String(short), limit: 40)) UTC</time>"
}
