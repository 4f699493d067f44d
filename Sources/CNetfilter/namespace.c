#define _GNU_SOURCE
#include "CNetfilterNamespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANSWER(call) ({ __typeof__(call) answer = (call); answer < 0 ? -errno : (int)answer; })

int moat_namespace_current(void) { return ANSWER(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

int moat_namespace_enter(int descriptor) { return ANSWER(setns(descriptor, CLONE_NEWNET)); }

int moat_namespace_make(void) {
  int home = moat_namespace_current();
  if (home < 0) return home;
  int made = ANSWER(unshare(CLONE_NEWNET));
  if (made == 0) {
    made = moat_namespace_current();
    int back = moat_namespace_enter(home);
    if (back < 0 && made >= 0) {
      close(made);
      made = back;
    }
  }
  close(home);
  return made;
}

// A socket address from 4 or 16 bytes; its length, or 0 for another count.
static socklen_t fill(struct sockaddr_storage *into, const uint8_t *address, size_t count, uint16_t port) {
  memset(into, 0, sizeof *into);
  if (count == 4) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)into;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    memcpy(&v4->sin_addr, address, 4);
    return sizeof *v4;
  }
  if (count == 16) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)into;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, address, 16);
    return sizeof *v6;
  }
  return 0;
}

int moat_socket_open(int version, int type, int protocol) {
  int domain = version == 4 ? AF_INET : AF_INET6;
  int descriptor = ANSWER(socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  int yes = 1;
  if (descriptor >= 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (domain == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  return descriptor;
}

int moat_socket_bind(int descriptor, const uint8_t *address, size_t count, uint16_t port) {
  struct sockaddr_storage storage;
  socklen_t length = fill(&storage, address, count, port);
  return ANSWER(bind(descriptor, (struct sockaddr *)&storage, length));
}

int moat_socket_connect(int descriptor, const uint8_t *address, size_t count, uint16_t port) {
  struct sockaddr_storage storage;
  socklen_t length = fill(&storage, address, count, port);
  return ANSWER(connect(descriptor, (struct sockaddr *)&storage, length));
}

int moat_socket_send_to(
  int descriptor, const uint8_t *bytes, size_t length, const uint8_t *address, size_t count, uint16_t port) {
  struct sockaddr_storage storage;
  socklen_t size = fill(&storage, address, count, port);
  return ANSWER(sendto(descriptor, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&storage, size));
}

int moat_socket_receive_from(
  int descriptor, uint8_t *bytes, size_t length, uint8_t *address, size_t *count, uint16_t *port) {
  struct sockaddr_storage storage = {0};
  socklen_t size = sizeof storage;
  int received = ANSWER(recvfrom(descriptor, bytes, length, 0, (struct sockaddr *)&storage, &size));
  if (received < 0) return received;
  if (storage.ss_family == AF_INET) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    memcpy(address, &v4->sin_addr, *count = 4);
    *port = ntohs(v4->sin_port);
  } else {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    memcpy(address, &v6->sin6_addr, *count = 16);
    *port = ntohs(v6->sin6_port);
  }
  return received;
}

int moat_socket_accept(int descriptor) {
  return ANSWER(accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int moat_socket_allow_any_source(int descriptor, int version) {
  int yes = 1;
  if (version == 4) return ANSWER(setsockopt(descriptor, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof yes));
  return ANSWER(setsockopt(descriptor, IPPROTO_IPV6, IPV6_TRANSPARENT, &yes, sizeof yes));
}

int moat_socket_report_errors(int descriptor, int version) {
  int yes = 1;
  if (version == 4) return ANSWER(setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &yes, sizeof yes));
  return ANSWER(setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &yes, sizeof yes));
}

int moat_socket_take_error(int descriptor) {
  int code = 0;
  socklen_t size = sizeof code;
  int answer = ANSWER(getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size));
  return answer < 0 ? answer : code;
}

int moat_capture_open(const char *interface) {
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  if (interface != NULL && (at.sll_ifindex = (int)if_nametoindex(interface)) == 0) return -errno;
  int descriptor = ANSWER(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (descriptor < 0) return descriptor;
  int room = 8 << 20;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  int bound = ANSWER(bind(descriptor, (struct sockaddr *)&at, sizeof at));
  if (bound == 0) return descriptor;
  close(descriptor);
  return bound;
}

int moat_capture_receive(
  int descriptor, uint8_t *bytes, size_t length, uint16_t *ether_type, int *outgoing) {
  struct sockaddr_ll from = {0};
  socklen_t size = sizeof from;
  int received = ANSWER(recvfrom(descriptor, bytes, length, 0, (struct sockaddr *)&from, &size));
  if (received < 0) return received;
  *ether_type = ntohs(from.sll_protocol);
  *outgoing = from.sll_pkttype == PACKET_OUTGOING;
  return received;
}

int moat_file_make(const char *name) { return ANSWER(memfd_create(name, MFD_CLOEXEC)); }

int moat_process_open(int process) { return ANSWER(syscall(SYS_pidfd_open, process, 0)); }

int moat_frame_send(const char *interface, const uint8_t *bytes, size_t length) {
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
  if (to.sll_ifindex == 0) return -errno;
  int descriptor = ANSWER(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (descriptor < 0) return descriptor;
  int sent = ANSWER(sendto(descriptor, bytes, length, 0, (struct sockaddr *)&to, sizeof to));
  close(descriptor);
  return sent;
}
