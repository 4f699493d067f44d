import ArgumentParser
import EgressAgent
import Glibc
import StatusServer

struct Hold: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep the tables owned while there is no daemon.",
    discussion: """
      Keeps a copy of the daemon's netlink socket and gives it to the next daemon, so that nobody can change the tables \
      between a crash and the restart. For nodes where no service manager does that: a second container beside the \
      daemon, or a second process. It may be started before the daemon or after it, needs the daemon's user but no \
      capability, and does nothing else.

      Exit status: 0 after SIGTERM or SIGINT, 1 where it cannot listen.
      """)

  @OptionGroup var hold: HoldOption
  @OptionGroup var socket: SocketOption

  func run() throws {
    SignalWatch.blockSignals()
    umask(0o077)
    do throws(AgentError) {
      let right = try SoleDaemon(socketPath: hold.hold, command: "moat hold")
      defer { withExtendedLifetime(right) {} }
      try SocketHold(path: hold.hold).run(asking: DaemonClient(socketPath: socket.socket))
    } catch {
      printError("moat: cannot start: \(error)")
      throw ExitCode(1)
    }
  }
}
