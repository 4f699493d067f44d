// Kernel interfaces that moat speaks, and what the headers of Debian 12 (Linux 6.1) do not have yet.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Before the kernel's headers, which then leave the C library's structures alone.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

// malloc_trim(3), which Swift's module of the C library lacks.
#include <malloc.h>

#ifndef NFT_TABLE_F_PERSIST
#define NFT_TABLE_F_PERSIST 0x4
#endif

// NFT_BITWISE_BOOL of enum nft_bitwise_ops, which was renamed within Linux 6.1.
#define MOAT_NFT_BITWISE_MASK_XOR 0

// enum nft_set_attributes, since Linux 6.16.
#define MOAT_NFTA_SET_TYPE 19
#define MOAT_NFTA_SET_COUNT 20

// Codes of the kernel that errno.h of the C library does not name or names elsewhere.
#define MOAT_ERESTART 85

// The real file name of the shared library that holds `symbol`, or NULL in a static executable.
// `buffer` has `size` bytes.
const char *moat_library_file(const void *symbol, char *buffer, size_t size);

// The versions that pkg-config told at build time, or NULL where it was not asked.
const char *moat_libnftnl_version(void);
const char *moat_libmnl_version(void);

// Moves the calling thread into a network namespace of its own; 0, or -1 and errno. See: unshare(2)
int moat_leave_network_namespace(void);

// Moves the calling thread into the network namespace of `file`; 0, or -1 and errno. See: setns(2)
int moat_enter_network_namespace(int file);

// A file in memory, close-on-exec; -1 and errno. See: memfd_create(2)
int moat_open_memory(void);

// Sends `descriptor` over the unix socket `socket` beside bytes, one at least; 0, or -1 and errno.
// See: unix(7), SCM_RIGHTS
int moat_send_descriptor(int socket, const void *bytes, size_t count, int descriptor);

// Waits for a descriptor on the unix socket `socket`; it is close-on-exec. -1 and errno; ENOMSG where none came along.
int moat_receive_descriptor(int socket);

// Waits until every packet that the kernel is handling now has been dealt with, where the kernel lets one wait for that.
// See: membarrier(2), MEMBARRIER_CMD_GLOBAL
void moat_await_packets(void);

#include "CNetfilterNamespace.h"
