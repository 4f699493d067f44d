import ArgumentParser

/// Where the daemon's own files are.
struct SocketOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The daemon's socket.", valueName: "path"))
  var socket = "/run/moat/moat.sock"
}

/// Where the last good ruleset is kept.
struct StateOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The state directory, which keeps the last good ruleset for the next boot.", valueName: "folder")
  )
  var state = "/var/lib/moat"
}

/// Where the netlink socket is kept beside the daemon.
struct HoldOption: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The socket of moat hold.", valueName: "path"))
  var hold = "/run/moat/hold.sock"
}
