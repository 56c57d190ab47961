// SPDX-License-Identifier: GPL-2.0
/*
 * For the guest tests layout.sh and sockets.sh: shows bonds and slaves as drivers outside see
 * them, through <net/bonding.h> and <net/lag.h>, in files of debugfs:
 *
 *   bonding_layout/rcu    under RCU alone, as packets' paths do
 *   bonding_layout/rtnl   under RTNL, as notifiers do
 *   bonding_layout/xmit   which slave would send a frame, as RDMA asks for it
 *   bonding_layout/sockets  which slave sockets connected to 10.0.0.2 over bond0 would send
 *                         by, as TLS asks for it; each sends a datagram then
 *
 * A line for each:
 *   bond NAME MODE SLAVES ACTIVE|none
 *   slave NAME BOND LINK BACKUP INACTIVE [ACTIVE TXABLE]   (the last two: rtnl)
 *   xmit NAME SLAVE|none SLAVE|none   (of those in use, of all)
 *   socket PORT SLAVE     (the bond itself if it can't say)
 */
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <net/bonding.h>
#include <net/lag.h>
#include <net/net_namespace.h>
#include <net/sock.h>

static struct dentry *dir;

static void show_bond(struct seq_file *seq, const struct net_device *dev)
{
	const struct bonding *bond = netdev_priv(dev);
	const struct net_device *active = bond_option_active_slave_get_rcu(bond);

	seq_printf(seq, "bond %s %d %d %s\n", bond->dev->name, BOND_MODE(bond),
		   READ_ONCE(bond->slave_cnt), active ? active->name : "none");
}

/* Not before a slave has its handler, nor after that is gone. */
static void show_slave(struct seq_file *seq, const struct net_device *dev)
{
	struct slave *slave = bond_slave_get_rcu(dev);

	if (!slave)
		return;
	seq_printf(seq, "slave %s %s %d %d %d", slave->dev->name,
		   bond_get_bond_by_slave(slave)->dev->name,
		   READ_ONCE(slave->link), bond_slave_state(slave),
		   bond_is_slave_inactive(slave));
	if (seq->private)
		seq_printf(seq, " %d %d", bond_is_active_slave_dev(dev),
			   net_lag_port_dev_txable(dev));
	seq_putc(seq, '\n');
}

static void show_all(struct seq_file *seq)
{
	const struct net_device *dev;

	rcu_read_lock();
	for_each_netdev_rcu(&init_net, dev) {
		if (netif_is_bond_master(dev))
			show_bond(seq, dev);
		if (netif_is_bond_slave(dev))
			show_slave(seq, dev);
	}
	rcu_read_unlock();
}

/* seq->private is null for the file "rcu". */
static int layout_show(struct seq_file *seq, void *unused)
{
	if (seq->private)
		rtnl_lock();
	show_all(seq);
	if (seq->private)
		rtnl_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(layout);

static void show_choice(struct seq_file *seq, struct net_device *bond, struct sk_buff *skb, bool all)
{
	const struct net_device *slave = netdev_get_xmit_slave(bond, skb, all);

	seq_printf(seq, " %s", slave ? slave->name : "none");
}

static int xmit_show(struct seq_file *seq, void *unused)
{
	struct net_device *dev;
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = alloc_skb(ETH_ZLEN, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	skb_reset_mac_header(skb);
	eth = skb_put_zero(skb, ETH_ZLEN);
	eth_broadcast_addr(eth->h_dest);
	eth->h_proto = htons(ETH_P_802_EX1);
	rcu_read_lock();
	for_each_netdev_rcu(&init_net, dev) {
		if (!netif_is_bond_master(dev))
			continue;
		seq_printf(seq, "xmit %s", dev->name);
		show_choice(seq, dev, skb, false);
		show_choice(seq, dev, skb, true);
		seq_putc(seq, '\n');
	}
	rcu_read_unlock();
	kfree_skb(skb);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(xmit);

static void show_socket(struct seq_file *seq, struct socket *sock, u16 port)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(&init_net, "bond0");
	if (dev)
		seq_printf(seq, "socket %d %s\n", port,
			   netdev_sk_get_lowest_dev(dev, sock->sk)->name);
	rcu_read_unlock();
}

static int ask_for_socket(struct seq_file *seq, u16 port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(7777),
				     .sin_addr.s_addr = htonl(0x0a000002) };
	struct kvec vec = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {};
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	err = kernel_bind(sock, (struct sockaddr_unsized *)&here, sizeof(here));
	if (!err)
		err = kernel_connect(sock, (struct sockaddr_unsized *)&there, sizeof(there), 0);
	if (!err) {
		show_socket(seq, sock, port);
		err = kernel_sendmsg(sock, &msg, &vec, 1, vec.iov_len);
	}
	sock_release(sock);
	return err < 0 ? err : 0;
}

static int sockets_show(struct seq_file *seq, void *unused)
{
	int err = 0;
	u16 port;

	for (port = 5000; port < 5016 && !err; port++)
		err = ask_for_socket(seq, port);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(sockets);

static int __init layout_init(void)
{
	dir = debugfs_create_dir("bonding_layout", NULL);
	debugfs_create_file("rcu", 0444, dir, NULL, &layout_fops);
	debugfs_create_file("rtnl", 0444, dir, &dir, &layout_fops);
	debugfs_create_file("xmit", 0444, dir, NULL, &xmit_fops);
	debugfs_create_file("sockets", 0444, dir, NULL, &sockets_fops);
	return 0;
}

static void __exit layout_exit(void)
{
	debugfs_remove(dir);
}

module_init(layout_init);
module_exit(layout_exit);
MODULE_DESCRIPTION("What others see of bonds, for a test");
MODULE_LICENSE("GPL");
