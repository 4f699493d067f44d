#pragma once
// Before the kernel's headers, whose own socket addresses would clash with Glibc's.
#include <netinet/in.h>
#include <linux/netlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include "CNetfilterNamespace.h"
