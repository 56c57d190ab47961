// SPDX-License-Identifier: GPL-2.0
/*
 * Delays the next slow-protocol frame that a workqueue's thread sends by a device, by two seconds,
 * just before the device gets it: time for what overtakes it.
 *
 * Writing the device's name to /sys/module/late_lacpdu/parameters/device arms it; parameter `caught`
 * is 1 while a frame is delayed, then 2.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

static char device[IFNAMSIZ];
module_param_string(device, device, sizeof(device), 0644);
MODULE_PARM_DESC(device, "by which the frame is sent");

static int caught;
module_param(caught, int, 0444);
MODULE_PARM_DESC(caught, "1 while a frame is delayed, then 2");

static struct tracepoint *queued;

/* Of net_dev_queue. */
static void delay(void *unused, struct sk_buff *skb)
{
	if (skb->protocol != htons(ETH_P_SLOW) || !(current->flags & PF_WQ_WORKER) ||
	    strncmp(skb->dev->name, device, strcspn(device, "\n")) || !device[0] ||
	    cmpxchg(&caught, 0, 1))
		return;
	mdelay(2000);
	WRITE_ONCE(caught, 2);
}

static void find(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "net_dev_queue"))
		queued = tracepoint;
}

static int __init late_init(void)
{
	for_each_kernel_tracepoint(find, NULL);
	return queued ? tracepoint_probe_register(queued, delay, NULL) : -ENOENT;
}

static void __exit late_exit(void)
{
	tracepoint_probe_unregister(queued, delay, NULL);
	tracepoint_synchronize_unregister();
}

module_init(late_init);
module_exit(late_exit);
MODULE_DESCRIPTION("Delays a frame of LACP, for a test");
MODULE_LICENSE("GPL");
