import ClusterModel
import FoundationEssentials

/// Files of the node, below a folder that stands for its root.
struct NodeFiles {
  /// Empty for the node itself.
  let root: String

  /// The settings that matter; those that are not there are left out.
  func sysctls() -> NodeReading<[String: String]> {
    let folder = root + "/proc/sys/net"
    guard FileManager.default.isReadableFile(atPath: folder) else { return .unreadable("\(folder) cannot be read") }
    let paths = [
      "ipv4/ip_forward", "ipv4/conf/all/accept_source_route", "ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter",
      "ipv6/conf/all/seg6_enabled", "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables",
    ]
    var values: [String: String] = [:]
    for path in paths {
      values[path] = text("/proc/sys/net/" + path).map(words)
    }
    return .value(values)
  }

  /// Whether nftables.service is enabled and loads a file that flushes everything.
  func nftablesFlushes() -> NodeReading<Bool> {
    guard isEnabled("nftables.service") else { return .value(false) }
    let files = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf"].filter(exists)
    let texts = files.compactMap(text)
    guard texts.count == files.count else { return .unreadable("\(files.joined(separator: ", ")) cannot be read") }
    return .value(texts.contains { holds(line: "flush ruleset", in: $0) })
  }

  /// Whether firewalld is enabled and flushes everything when it reloads, which is its default.
  func firewalldFlushes() -> NodeReading<Bool> {
    guard isEnabled("firewalld.service") else { return .value(false) }
    let path = "/etc/firewalld/firewalld.conf"
    guard exists(path) else { return .value(true) }
    guard let text = text(path) else { return .unreadable("\(path) cannot be read") }
    return .value(!holds(line: "flushallonreload=no", in: text.lowercased()))
  }

  /// Network cards that have virtual functions now.
  func virtualFunctions() -> NodeReading<[String]> {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/sys/class/net") else {
      return .unreadable("\(root)/sys/class/net cannot be read")
    }
    return .value(
      names.sorted().filter {
        let count = text("/sys/class/net/\($0)/device/sriov_numvfs")
        return (count.flatMap { Int(words($0)) } ?? 0) > 0
      })
  }

  /// Whether a target wants the unit.
  private func isEnabled(_ unit: String) -> Bool {
    let folder = "/etc/systemd/system"
    let targets = (try? FileManager.default.contentsOfDirectory(atPath: root + folder)) ?? []
    return targets.contains { name in
      let isList = name.hasSuffix(".wants") || name.hasSuffix(".requires")
      let link = root + "\(folder)/\(name)/\(unit)"
      return isList && (try? FileManager.default.attributesOfItem(atPath: link)) != nil
    }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + path) }

  private func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: root + path).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Whether a line is this one, whatever the spaces around and a comment or semicolon after it.
private func holds(line: String, in text: String) -> Bool {
  text.split(whereSeparator: \.isNewline).contains { words(String($0.prefix { $0 != "#" && $0 != ";" })) == line }
}

/// A text's words with one space between them.
private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
