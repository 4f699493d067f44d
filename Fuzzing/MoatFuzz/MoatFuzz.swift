import Glibc

/// Gives damaged input to what reads input, guided by coverage: `MoatFuzz TARGET [libFuzzer's arguments]`.
///
/// Built with libFuzzer's instrumentation and the address sanitizer by `Fuzzing/run`. See: llvm.org/docs/LibFuzzer
@main
struct MoatFuzz {
  static func main() {
    guard let name = CommandLine.arguments.dropFirst().first, let target = Target(rawValue: name) else {
      print("usage: MoatFuzz \(Target.allCases.map(\.rawValue).joined(separator: "|")) [-option=…] [CORPUS…]")
      exit(64)
    }
    // libFuzzer takes the target's name for the program's.
    var count = CommandLine.argc - 1
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = CommandLine.unsafeArgv + 1
    exit(runFuzzer(&count, &arguments, target.body))
  }
}

/// What reads input from outside.
enum Target: String, CaseIterable {
  /// Manifests and configuration: files of the operator, ConfigMaps.
  case manifests

  /// What the kernel answers and tells over netlink.
  case netlink

  /// Packets that pods sent and the kernel logged.
  case packets

  /// What resolvers answer.
  case names

  /// Reads one input; a crash, a hang and what the sanitizer objects to are findings.
  var body: FuzzBody {
    switch self {
    case .manifests: { bytes, count in read(UnsafeRawBufferPointer(start: bytes, count: count), by: readManifests) }
    case .netlink: { bytes, count in read(UnsafeRawBufferPointer(start: bytes, count: count), by: readNetlink) }
    case .packets: { bytes, count in read(UnsafeRawBufferPointer(start: bytes, count: count), by: readPackets) }
    case .names: { bytes, count in read(UnsafeRawBufferPointer(start: bytes, count: count), by: readNames) }
    }
  }
}

typealias FuzzBody = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

private func read(_ bytes: UnsafeRawBufferPointer, by body: (UnsafeRawBufferPointer) -> Void) -> CInt {
  body(bytes)
  return 0
}

/// See: compiler-rt, FuzzerInterface.h
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>, _ body: FuzzBody
) -> CInt
