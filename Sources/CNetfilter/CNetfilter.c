#define _GNU_SOURCE
#include "CNetfilter.h"
#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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
