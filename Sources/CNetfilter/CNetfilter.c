#define _GNU_SOURCE
#include "CNetfilter.h"
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *moat_library_file(const void *symbol, char *buffer, size_t size) {
  Dl_info info;
  char path[PATH_MAX];
  if (dladdr(symbol, &info) == 0 || info.dli_fname == NULL) return NULL;
  if (realpath(info.dli_fname, path) == NULL) return NULL;
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  if (strstr(name, ".so") == NULL || strlen(name) >= size) return NULL;
  return strcpy(buffer, name);
}

int moat_leave_network_namespace(void) { return unshare(CLONE_NEWNET); }

int moat_enter_network_namespace(int file) { return setns(file, CLONE_NEWNET); }

int moat_open_memory(void) { return memfd_create("moat", MFD_CLOEXEC); }

// Packets are handled within read-side critical sections of RCU, whose end this command waits for.
void moat_await_packets(void) { syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

// Room for one descriptor beside one byte, or a text elsewhere.
struct passage {
  struct msghdr message;
  struct iovec vector;
  char byte;
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static struct msghdr *prepare(struct passage *passage) {
  memset(passage, 0, sizeof *passage);
  passage->vector = (struct iovec){.iov_base = &passage->byte, .iov_len = 1};
  passage->message = (struct msghdr){
    .msg_iov = &passage->vector, .msg_iovlen = 1,
    .msg_control = passage->control, .msg_controllen = sizeof passage->control};
  return &passage->message;
}

int moat_send_descriptor(int socket, const void *bytes, size_t count, int descriptor) {
  struct passage passage;
  struct msghdr *message = prepare(&passage);
  passage.vector = (struct iovec){.iov_base = (void *)bytes, .iov_len = count};
  struct cmsghdr *control = CMSG_FIRSTHDR(message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  ssize_t sent;
  do sent = sendmsg(socket, message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -1 : 0;
}

int moat_receive_descriptor(int socket) {
  struct passage passage;
  struct msghdr *message = prepare(&passage);
  ssize_t received;
  do received = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0) return -1;
  struct cmsghdr *control = CMSG_FIRSTHDR(message);
  if (control == NULL || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS
    || control->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = ENOMSG;
    return -1;
  }
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
  return descriptor;
}

// The Makefile passes pkg-config's versions; a plain `swift build` does not know them.
#define MOAT_TEXT(value) #value
#define MOAT_EXPANDED(value) MOAT_TEXT(value)

const char *moat_libnftnl_version(void) {
#ifdef MOAT_LIBNFTNL_VERSION
  return MOAT_EXPANDED(MOAT_LIBNFTNL_VERSION);
#else
  return NULL;
#endif
}

const char *moat_libmnl_version(void) {
#ifdef MOAT_LIBMNL_VERSION
  return MOAT_EXPANDED(MOAT_LIBMNL_VERSION);
#else
  return NULL;
#endif
}
