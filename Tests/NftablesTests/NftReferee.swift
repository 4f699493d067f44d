import Foundation
import Testing

/// Runs nft in a network namespace of its own, as the judge of what we print.
enum NftReferee {
  /// Whether a namespace can be made here.
  static let isAvailable = geteuid() == 0

  /// Loads files one after the other, each with its options, and lists what stands then.
  ///
  /// - Throws: `NftRefusal` with nft's words.
  static func listing(afterLoading files: [(text: String, options: String)]) throws -> [String] {
    let output = try run(
      files.indices.map { "nft \(files[$0].options) -f \($0).nft" } + ["nft -j list ruleset"], files.map(\.text))
    return try normalized(json: output)
  }

  /// What nft lists as text after loading `text`.
  static func textListing(afterLoading text: String) throws -> String {
    try run(["nft -f 0.nft", "nft -s list ruleset"], [text])
  }

  /// Runs `commands` in a folder with `texts` as 0.nft, 1.nft and so on, and returns the output.
  private static func run(_ commands: [String], _ texts: [String]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (index, text) in texts.enumerated() {
      try text.write(to: folder.appendingPathComponent("\(index).nft"), atomically: false, encoding: .utf8)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.currentDirectoryURL = folder
    let script = "exec 2>errors >output; \(commands.joined(separator: " && "))"
    process.arguments = ["unshare", "-n", "sh", "-c", script]
    try process.run()
    process.waitUntilExit()
    let output = try String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8)
    guard process.terminationStatus == 0 else {
      throw NftRefusal(message: try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8))
    }
    return output
  }

  /// The entries of a JSON listing, one text each with sorted keys: without metainfo, handles and counters' values,
  /// and with the elements of sets in one order (the kernel lists those of hash sets in any).
  static func normalized(json: String) throws -> [String] {
    guard let root = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
      let entries = root["nftables"] as? [[String: Any]]
    else { throw NftRefusal(message: "no listing: \(json.prefix(200))") }
    return try entries.filter { $0["metainfo"] == nil }.map { entry in
      var entry = entry
      for (kind, value) in entry {
        guard var object = value as? [String: Any] else { continue }
        for key in ["handle", "packets", "bytes"] { object[key] = nil }
        if let elements = object["elem"] as? [Any] { object["elem"] = try elements.map(text).sorted() }
        entry[kind] = object
      }
      return try text(entry)
    }
  }

  private static func text(_ value: Any) throws -> String {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
    return String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
  }
}

/// The entries that only one of two listings has, marked `-` and `+`; empty where they are the same.
func deviations(_ ours: [String], _ theirs: [String], inOrder: Bool = true) -> [String] {
  let lines = theirs.difference(from: ours).map { change in
    switch change {
    case .remove(_, let entry, _): "- \(entry)"
    case .insert(_, let entry, _): "+ \(entry)"
    }
  }
  guard !inOrder else { return lines }
  return ours.filter { !theirs.contains($0) }.map { "- \($0)" }
    + theirs.filter { !ours.contains($0) }.map { "+ \($0)" }
}

/// nft did not take what we printed.
struct NftRefusal: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}
