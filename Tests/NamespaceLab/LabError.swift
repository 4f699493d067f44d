import Glibc
import NetworkValues

/// Why a lab could not be built or used. A packet that does not arrive is no error, it is an outcome.
package enum LabError: Error, CustomStringConvertible {
  /// A system call failed. `code` is an errno.
  case system(call: String, host: String, code: Int32)
  /// A program that builds the lab ended with a status other than 0.
  case program(host: String, command: String, status: Int32, output: String)
  /// A program did not end in time and was killed.
  case timeout(host: String, command: String)
  /// The topology has no such host, or the lab is torn down.
  case unknownHost(String)
  /// The topology names a node that it does not have, or a name twice.
  case topology(String)
  /// No host of the topology has the destination address, so nobody could say whether a packet arrived.
  case noReceiver(IPAddress, from: LabHost)

  package var description: String {
    switch self {
    case .system(let call, let host, let code): "\(host): \(call): \(String(cString: strerror(code)))"
    case .program(let host, let command, let status, let output):
      "\(host): \(command) ended with status \(status): \(output)"
    case .timeout(let host, let command): "\(host): \(command) did not end in time"
    case .unknownHost(let name): "the lab has no \(name)"
    case .topology(let fault): "topology: \(fault)"
    case .noReceiver(let address, let host):
      "no host has \(address), asked for by \(host); add it to the topology's outside hosts"
    }
  }
}

/// The answer of a C shim: passed on when it is no error.
func checked(_ answer: Int32, _ call: String, at host: String) throws(LabError) -> Int32 {
  guard answer >= 0 else { throw .system(call: call, host: host, code: -answer) }
  return answer
}
