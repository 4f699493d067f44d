#pragma once
#include <stddef.h>
#include <stdint.h>

// Network namespaces and the few socket calls that Glibc's Swift module does not show.
// Every function returns a value >= 0, or a negative errno.

/// Makes a network namespace and returns a descriptor that keeps it alive. The calling thread stays where it is.
int moat_namespace_make(void);

/// A descriptor of the calling thread's network namespace.
int moat_namespace_current(void);

/// Moves the calling thread, and no other, into the network namespace of `descriptor`.
int moat_namespace_enter(int descriptor);

/// A close-on-exec, non-blocking socket. `version` is 4 or 6, `type` and `protocol` as in socket(2).
int moat_socket_open(int version, int type, int protocol);

/// Binds to an address of 4 or 16 bytes in network order and a port (for ping sockets: the identifier).
int moat_socket_bind(int descriptor, const uint8_t *address, size_t count, uint16_t port);

/// Connects; -EINPROGRESS is the usual answer of a TCP socket.
int moat_socket_connect(int descriptor, const uint8_t *address, size_t count, uint16_t port);

/// Sends one datagram to an address.
int moat_socket_send_to(
  int descriptor, const uint8_t *bytes, size_t length, const uint8_t *address, size_t count, uint16_t port);

/// Receives one datagram and its sender. `address` has room for 16 bytes, `count` is set to 4 or 16.
int moat_socket_receive_from(
  int descriptor, uint8_t *bytes, size_t length, uint8_t *address, size_t *count, uint16_t *port);

/// Accepts a connection, close-on-exec and non-blocking.
int moat_socket_accept(int descriptor);

/// Lets the socket send from addresses that are not this host's. `version` is 4 or 6.
int moat_socket_allow_any_source(int descriptor, int version);

/// Makes the socket report every ICMP error. `version` is 4 or 6.
int moat_socket_report_errors(int descriptor, int version);

/// Takes the pending error off a socket: an errno as a positive number, 0 for none.
int moat_socket_take_error(int descriptor);

/// A non-blocking packet socket that sees every packet of the calling thread's namespace from its network header on, of
/// all interfaces or of one.
int moat_capture_open(const char *interface);

/// Reads one packet. `ether_type` in host order; `outgoing` is 1 for packets that this namespace sends.
int moat_capture_receive(
  int descriptor, uint8_t *bytes, size_t length, uint16_t *ether_type, int *outgoing);

/// Sends one frame, from its destination address on, by the interface of this name.
int moat_frame_send(const char *interface, const uint8_t *bytes, size_t length);

/// An anonymous file for a program's input or output, close-on-exec.
int moat_file_make(const char *name);

/// A descriptor that becomes readable when process `process` ends.
int moat_process_open(int process);
