import APIServerLab
import Foundation

extension PlainClient {
  /// Sends an object, and demands that it is taken.
  func expect(_ method: String, _ path: String, _ object: [String: Any]) throws {
    try expect(method, path, String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self))
  }

  /// Sends JSON, and demands that it is taken.
  func expect(_ method: String, _ path: String, _ json: String) throws {
    let response = try request(method, path, json)
    guard (200..<300).contains(response.status) else {
      throw BenchError("\(method) \(path): \(response.status) \(response.text.prefix(300))")
    }
  }
}
