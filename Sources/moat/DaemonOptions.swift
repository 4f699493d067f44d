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
