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
