import Glibc
import Netlink
import Nftables
import NftablesKernel

// Owns a table whose output chain drops UDP to port 9, sends a copy of the owning socket over standard input, and waits
// to be killed; it ends by itself when the other end is closed.

let wanted = Ruleset(tables: [
  Table(
    id: TableID(.inet, "moat"), counters: [Counter("dropped")], sets: [],
    chains: [
      Chain(
        "output", hook: Hook(.output, priority: 0, policy: .accept),
        rules: [Rule([.compare(.udpDestinationPort, .equal, 9), .counter("dropped"), .verdict(.drop)])])
    ])
])

let kernel = try LibnftnlKernel(ownership: .owned)
_ = try enforce(wanted, in: kernel)
try sendDescriptor(kernel.descriptor, over: 0)
var byte: UInt8 = 0
while read(0, &byte, 1) > 0 {}
withExtendedLifetime(kernel) {}
