/* SPDX-License-Identifier: GPL-2.0 */
/* What bindgen reads: the kernel's headers and the helpers of this driver. */
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_bonding.h>
#include <linux/if_vlan.h>
#include <linux/kobject.h>
#include <linux/mii.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netdevice.h>
#include <linux/netpoll.h>
#include <linux/notifier.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <net/arp.h>
#include <net/bonding.h>
#include <net/dst.h>
#include <net/neighbour.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>
#include <net/sch_generic.h>
#include <net/xdp.h>
#include <net/xfrm.h>

#include "helpers.h"
