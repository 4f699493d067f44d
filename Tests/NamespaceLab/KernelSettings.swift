extension Place {
  /// Kernel settings of the namespace, made before its interfaces: addresses are usable at once, no reverse path filter,
  /// ICMP errors without a rate limit, ping sockets for everybody.
  var kernelSettings: [(path: String, value: String)] {
    var settings = [
      ("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/default/rp_filter", "0"),
      ("ipv4/icmp_ratelimit", "0"), ("ipv4/icmp_msgs_per_sec", "100000"), ("ipv4/icmp_msgs_burst", "100000"),
      ("ipv4/ping_group_range", "0 2147483647"), ("ipv6/icmp/ratelimit", "0"),
      ("ipv6/conf/default/accept_dad", "0"), ("ipv6/conf/default/dad_transmits", "0"),
      ("ipv6/conf/default/accept_ra", "0"), ("ipv6/conf/default/router_solicitations", "0"),
    ]
    if forwards { settings += [("ipv4/ip_forward", "1"), ("ipv6/conf/all/forwarding", "1")] }
    return settings.map { (path: $0.0, value: $0.1) }
  }
}
