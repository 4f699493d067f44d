extension Bench {
  /// `moat render` of the main scenario, the whole process with a warm page cache, beside a process that does nothing.
  func rendering() throws -> [Row] {
    let command = [
      moat, "render", "--manifests", scenario, "--config", "\(scenario)/config.yaml", "--node", "egress-1",
    ]
    let samples = try interleaved(
      rounds: rounds(quick: 20, full: 50), [{ try seconds(of: command) }, { try seconds(of: ["true"]) }])
    return [
      Row(
        "moat render of the httpbin scenario, whole process", samples[0], peer: Peer("true", samples[1]),
        target: .atMost(.seconds(0.050)))
    ]
  }
}
