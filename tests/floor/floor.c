// SPDX-License-Identifier: GPL-2.0
/*
 * A device above another that does nothing but hand packets on: what no such device
 * can avoid. tools/bench reports what a bond costs above it.
 *
 * Loading makes floor0 above the device which the parameter `lower` names; it keeps a
 * reference of that until the module is unloaded. Packets that the lower device
 * receives are floor0's.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

static char *lower;
module_param(lower, charp, 0444);
MODULE_PARM_DESC(lower, "the device that packets are handed to");

static struct net_device *below, *floor;

static netdev_tx_t floor_xmit(struct sk_buff *skb, struct net_device *dev)
{
	skb->dev = below;
	dev_queue_xmit(skb);
	return NETDEV_TX_OK;
}

static rx_handler_result_t floor_receive(struct sk_buff **skb)
{
	(*skb)->dev = floor;
	return RX_HANDLER_ANOTHER;
}

static const struct net_device_ops floor_ops = {
	.ndo_start_xmit = floor_xmit,
};

static void floor_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &floor_ops;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->lltx = true;
	dev->needs_free_netdev = true;
	eth_hw_addr_random(dev);
}

static int __init floor_init(void)
{
	int err;

	below = lower ? dev_get_by_name(&init_net, lower) : NULL;
	if (!below)
		return -ENODEV;
	floor = alloc_netdev(0, "floor%d", NET_NAME_ENUM, floor_setup);
	err = floor ? register_netdev(floor) : -ENOMEM;
	if (!err) {
		rtnl_lock();
		err = netdev_rx_handler_register(below, floor_receive, NULL);
		rtnl_unlock();
		if (!err)
			return 0;
		unregister_netdev(floor);
	} else if (floor) {
		free_netdev(floor);
	}
	dev_put(below);
	return err;
}

static void __exit floor_exit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(below);
	rtnl_unlock();
	unregister_netdev(floor);
	dev_put(below);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("The least that a device above another costs");
MODULE_LICENSE("GPL");
