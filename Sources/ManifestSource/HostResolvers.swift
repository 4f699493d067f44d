import ClusterModel
import NetworkValues

/// The host's name servers from a `resolv.conf`, in its order, without repetitions.
///
/// A zone id (`fe80::1%eth0`) is cut off. What is no address is left out: a resolver that is not understood is not allowed.
///
/// - Throws: where the file cannot be read.
///
/// See: resolv.conf(5)
package func readHostResolvers(path: String = "/etc/resolv.conf") throws(ManifestError) -> [IPAddress] {
  let text = String(decoding: try contents(ofFile: path), as: UTF8.self)
  var result: [IPAddress] = []
  for line in text.split(whereSeparator: \.isNewline) {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.count >= 2, words[0] == "nameserver", let literal = words[1].split(separator: "%").first,
      let address = try? IPAddress(parsing: literal), !result.contains(address)
    else { continue }
    result.append(address)
  }
  return result
}
