import Foundation
import Glibc
import NamespaceLab
import NetworkValues
import Testing

/// The page of a daemon that refuses real packets, asked for by a program and shown by a browser.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct PageRunTests {
  @Test func `The page tells who was refused and what is allowed, to who is near alone`() async throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    try await daemon.refuse()
    let page = try daemon.fetch("/")
    #expect(page.hasPrefix("HTTP/1.1 200 OK") && page.contains("Content-Security-Policy: default-src 'none'"))
    for text in [
      "bookinfo/productpage-v1-7f8b9c6d5-x2k4q", "bookinfo-productpage, 10.1.1.10", "<b>httpbin.org</b>",
      "203.0.113.10:443 tcp", "S1 external", "gateway istio-egress/egress-vg",
      "Select ServiceAccount bookinfo/bookinfo-reviews",
      "<svg class=\"graph\"", "<h3>Gateway istio-egress/egress-vg</h3>",
      "AccessPolicy istio-egress/egress-access-policy",
      ">application<", ">enforce<", "external <strong>",
    ] { #expect(page.contains(text), "\(text) in \(page)") }
    // Another page is another nonce.
    let nonces = try [page, daemon.fetch("/")].compactMap { try /script-src 'nonce-([a-z0-9]+)'/.firstMatch(in: $0)?.1 }
    #expect(nonces.count == 2 && nonces[0] != nonces[1] && nonces[0].count > 20, "\(nonces)")

    // By the name of a page that somebody else has, nobody is near.
    #expect(try daemon.fetch("/", as: "evil.example:9470").hasPrefix("HTTP/1.1 403"))
    #expect(try daemon.fetch("/flows", as: "127.0.0.1.evil.example").hasPrefix("HTTP/1.1 403"))
    #expect(try daemon.fetch("/", as: "localhost:9470").hasPrefix("HTTP/1.1 200"))
    let newest = try daemon.fetch("/flows?newest=1")
    #expect(newest.hasPrefix("HTTP/1.1 200") && newest.components(separatedBy: "\"hint\"").count == 2, "\(newest)")
    #expect(try daemon.fetch("/names").hasPrefix("HTTP/1.1 404") && daemon.fetch("/unlock").hasPrefix("HTTP/1.1 404"))

    try daemon.replaceConfiguration { $0 + "\nlisten: 172.18.0.11:9470\n" }
    kill(running.process, SIGHUP)
    let far = { try daemon.fetch($0, at: "172.18.0.11") }
    let deadline = ContinuousClock.now + .seconds(10)
    while try !far("/metrics").hasPrefix("HTTP/1.1 200"), ContinuousClock.now < deadline { usleep(20_000) }
    #expect(try far("/metrics").hasPrefix("HTTP/1.1 200"))
    #expect(try far("/").hasPrefix("HTTP/1.1 403") && far("/flows").hasPrefix("HTTP/1.1 403"))
    running.stop()
    #expect(try running.wait().status == 0)
  }

  @Test(.enabled(if: chromium != nil, "needs MOAT_CHROMIUM"))
  func `A browser shows the page in both themes, live with scripts and whole without`() async throws {
    let daemon = try DaemonLab()
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    try await daemon.refuse()
    let browser = Browser(daemon: daemon, path: try #require(chromium))
    let address = "http://127.0.0.1:9470/"
    let (light, dark) = (try browser.picture("light", of: address), try browser.picture("dark", of: address))
    #expect(light.count > 10_000 && dark.count > 10_000 && light != dark)

    // Where scripts are forbidden it looks as if it had none, and says all that the daemon wrote.
    let whole = try daemon.fetch("/").components(separatedBy: "\r\n\r\n")[1]
    let ban = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'\">"
    try daemon.folder.write(whole.replacing("<meta charset", with: ban + "<meta charset"), to: "off.html")
    try daemon.folder.write(whole.replacing(/<script[\s\S]*<\/script>/, with: ""), to: "bare.html")
    let (off, bare) = ("file://\(daemon.folder.path)/off.html", "file://\(daemon.folder.path)/bare.html")
    let document = try browser.document(of: off, complaint: "script-src 'none'")
    for text in ["productpage-v1-7f8b9c6d5-x2k4q", "httpbin.org", "egress-vg", "S2 gateway", "in sync"] {
      #expect(document.contains(text), "\(text)")
    }
    #expect(!document.contains(">Pause</button>"))
    #expect(try browser.picture("light", of: off, complaint: "script-src 'none'") == browser.picture("light", of: bare))

    // While the browser looks somebody is refused: the script adds it.
    let ender = Ender()
    let lab = daemon.lab
    let sender = Thread {
      var port: UInt16 = 2000
      while !ender.isOver {
        port += 1
        _ = try? lab.inside(productpage) { try sendDatagrams(1, to: ip("203.0.113.10")) { _ in port } }
        usleep(20_000)
      }
    }
    sender.start()
    let live = try browser.document(of: address, ["--virtual-time-budget=60000"])
    ender.end()
    let added = live.components(separatedBy: "<tr class=\"new\">")
    #expect(added.count > 1 && added[1].contains("bookinfo/productpage-v1-7f8b9c6d5-x2k4q"), "\(live)")
    #expect(live.contains(/id="news">[0-9]+ new since this page was made/))
    #expect(live.contains(">Pause</button>") && live.contains("in sync"))
    running.stop()
  }
}

/// Debian's, as `Tests/run` names it.
private let chromium = ProcessInfo.processInfo.environment["MOAT_CHROMIUM"]

/// A headless browser on worker-1. It asks the daemon alone, and its console is silent but for an expected complaint.
private struct Browser {
  let daemon: DaemonLab
  let path: String

  func document(of address: String, _ arguments: [String] = [], complaint: String? = nil) throws -> String {
    try run(arguments + ["--dump-dom", address], complaint).output
  }

  /// A screenshot. With `MOAT_SCREENSHOTS=FOLDER` in the environment the daemon's page is kept there.
  func picture(_ theme: String, of address: String, complaint: String? = nil) throws -> Data {
    let file = daemon.folder.path + "/page-\(theme).png"
    try? FileManager.default.removeItem(atPath: file)
    let shade = theme == "dark" ? ["--blink-settings=preferredColorScheme=0"] : []
    _ = try run(shade + ["--window-size=1000,1310", "--screenshot=\(file)", address], complaint)
    let data = try Data(contentsOf: URL(filePath: file))
    if let kept = ProcessInfo.processInfo.environment["MOAT_SCREENSHOTS"], address.hasPrefix("http") {
      try data.write(to: URL(filePath: kept).appending(path: "page-\(theme).png"))
    }
    return data
  }

  private func run(_ arguments: [String], _ complaint: String?) throws -> ProgramOutput {
    let (profile, log) = (daemon.folder.path + "/profile", daemon.folder.path + "/net.json")
    let own = [
      "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
      "--user-data-dir=\(profile)", "--log-net-log=\(log)",
    ]
    let done = try daemon.lab.run(in: .node("worker-1"), [path] + own + arguments)
    let console = done.errors.split(separator: "\n").filter { $0.contains("CONSOLE") }
    #expect(done.status == 0 && console.count == (complaint == nil ? 0 : 1), "\(done.errors)")
    #expect(console.allSatisfy { $0.contains(complaint ?? "") }, "\(done.errors)")
    let asked = try String(contentsOfFile: log, encoding: .utf8).matches(of: /"url":"([^"]*)"/).map { String($0.1) }
    // Files are not in it.
    #expect(asked.isEmpty == (arguments.last?.hasPrefix("file:") ?? true))
    #expect(asked.allSatisfy { $0.hasPrefix("http://127.0.0.1:9470/") || $0.hasPrefix("file:///") }, "\(Set(asked))")
    return done
  }
}

/// Tells a thread that it is over.
private final class Ender: @unchecked Sendable {
  private let lock = NSLock()
  private var over = false

  var isOver: Bool { lock.withLock { over } }
  func end() { lock.withLock { over = true } }
}

extension DaemonLab {
  /// Has two pods refused, in different ways, and waits until that is told.
  fileprivate func refuse() async throws {
    for probe in [
      Probe(from: productpage, to: try ip("203.0.113.10"), .udp(443)),
      Probe(from: productpage, to: try ip("203.0.113.10"), .tcp(443)),
      Probe(from: reviews, to: try ip("10.1.2.10"), .tcp(8443)),
      Probe(from: reviews, to: try ip("2001:db8:113::10"), .tcp(443)),
    ] { #expect(try await lab.probe(probe).outcome == .refused) }
    let deadline = ContinuousClock.now + .seconds(10)
    while try client.flows().records.count < 4, ContinuousClock.now < deadline { usleep(20_000) }
  }

  /// An answer of worker-1's daemon with its head.
  fileprivate func fetch(_ path: String, at host: String = "127.0.0.1", as name: String? = nil) throws -> String {
    let header = name.map { ["-H", "Host: \($0)"] } ?? []
    return try lab.run(in: .node("worker-1"), ["curl", "-si", "-m", "10"] + header + ["http://\(host):9470\(path)"])
      .output
  }
}
