// SPDX-License-Identifier: GPL-2.0
/* See helpers.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/igmp.h>
#include <linux/ip.h>
#include <linux/mii.h>
#include <linux/netdevice.h>
#include <linux/pkt_sched.h>
#include <linux/proc_fs.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <generated/utsrelease.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/flow_dissector.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netdev_lock.h>
#include <net/netlink.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>

#include "helpers.h"

MODULE_IMPORT_NS("NETDEV_INTERNAL");

#define bonding_print(emit, bond, slave, text)				\
	do {								\
		if (slave)						\
			emit(bond, "(slave %s): %pA\n", (slave)->name, text); \
		else							\
			emit(bond, "%pA\n", text);			\
	} while (0)

void bonding_log_device(int level, const struct net_device *bond,
			const struct net_device *slave, const void *text)
{
	if (level <= LOGLEVEL_ERR)
		bonding_print(netdev_err, bond, slave, text);
	else if (level == LOGLEVEL_WARNING)
		bonding_print(netdev_warn, bond, slave, text);
	else
		bonding_print(netdev_info, bond, slave, text);
}

void bonding_log_module(int level, const void *text)
{
	if (level <= LOGLEVEL_ERR)
		pr_err("%pA\n", text);
	else if (level == LOGLEVEL_WARNING)
		pr_warn("%pA\n", text);
	else
		pr_info("%pA\n", text);
}

void bonding_spin_lock_init(spinlock_t *lock, const char *name,
			    struct lock_class_key *key)
{
#ifndef CONFIG_DEBUG_SPINLOCK
	spin_lock_init(lock);
#elif defined(CONFIG_PREEMPT_RT)
	__spin_lock_init(lock, name, key, false);
#else
	__raw_spin_lock_init(spinlock_check(lock), name, key, LD_WAIT_CONFIG);
#endif
}

void bonding_spin_lock_bh(spinlock_t *lock)
{
	spin_lock_bh(lock);
}

void bonding_spin_unlock_bh(spinlock_t *lock)
{
	spin_unlock_bh(lock);
}

void bonding_setup_device(struct net_device *dev, const struct device_type *type)
{
	ether_setup(dev);
	dev->max_mtu = ETH_MAX_MTU;
	dev->needs_free_netdev = true;
	SET_NETDEV_DEVTYPE(dev, type);

	dev->flags |= IFF_MASTER;
	dev->priv_flags |= IFF_BONDING | IFF_UNICAST_FLT | IFF_NO_QUEUE;
	dev->priv_flags &= ~(IFF_XMIT_DST_RELEASE | IFF_TX_SKB_SHARING);
	/* Slaves lock their own queues. */
	dev->lltx = true;
	dev->netns_immutable = true;

	dev->hw_features = MASTER_UPPER_DEV_VLAN_FEATURES |
			   NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_FILTER |
			   NETIF_F_HW_VLAN_STAG_RX | NETIF_F_HW_VLAN_STAG_FILTER |
			   NETIF_F_GSO_ENCAP_ALL;
	dev->features |= dev->hw_features | NETIF_F_HW_VLAN_CTAG_TX |
			 NETIF_F_HW_VLAN_STAG_TX | NETIF_F_GSO_PARTIAL;
}

#ifdef CONFIG_XFRM_OFFLOAD
bool bonding_mode_has_xfrm(const struct net_device *dev)
{
	const struct bonding *bond = netdev_priv(dev);

	return BOND_MODE(bond) == BOND_MODE_ACTIVEBACKUP;
}

/* Fails if nobody holds it any more: what it consists of is being freed then. */
bool bonding_xfrm_state_tryhold(struct xfrm_state *xs)
{
	return refcount_inc_not_zero(&xs->refcnt);
}

void bonding_xfrm_state_put(struct xfrm_state *xs)
{
	xfrm_state_put(xs);
}

void bonding_setup_xfrm(struct net_device *dev)
{
	dev->hw_features |= BOND_XFRM_FEATURES;
	if (bonding_mode_has_xfrm(dev))
		dev->features |= BOND_XFRM_FEATURES;
}

void bonding_follow_mode_xfrm(struct net_device *dev)
{
	if (dev->reg_state != NETREG_REGISTERED)
		return;
	if (bonding_mode_has_xfrm(dev))
		dev->wanted_features |= BOND_XFRM_FEATURES;
	else
		dev->wanted_features &= ~BOND_XFRM_FEATURES;
	netdev_update_features(dev);
}
#endif

void bonding_lockdep_set_classes(struct net_device *dev)
{
	netdev_lockdep_set_classes(dev);
}

void bonding_ether_setup_keep_flags(struct net_device *dev)
{
	unsigned int flags = dev->flags & (IFF_MASTER | IFF_SLAVE | IFF_UP);

	ether_setup(dev);
	dev->flags |= flags;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
}

/* The first slave is of another type: let the bond look like it. */
void bonding_setup_by_slave(struct net_device *dev, struct net_device *slave,
			    const struct header_ops *proxy)
{
	/*
	 * A slave's header_ops expect that slave's private data: the bond has
	 * some which call them with the slave (CVE-2026-43456).
	 */
	dev->header_ops = slave->header_ops ? proxy : NULL;
	dev->type = slave->type;
	dev->hard_header_len = slave->hard_header_len;
	dev->needed_headroom = slave->needed_headroom;
	dev->addr_len = slave->addr_len;
	memcpy(dev->broadcast, slave->broadcast, slave->addr_len);

	if (slave->flags & IFF_POINTOPOINT) {
		dev->flags &= ~(IFF_BROADCAST | IFF_MULTICAST);
		dev->flags |= IFF_POINTOPOINT | IFF_NOARP;
	}
}

void bonding_eth_hw_addr_random(struct net_device *dev)
{
	eth_hw_addr_random(dev);
}

void bonding_dev_addr_set(struct net_device *dev, const u8 *addr, size_t len)
{
	__dev_addr_set(dev, addr, len);
}

void bonding_tx_dropped_inc(struct net_device *dev)
{
	dev_core_stats_tx_dropped_inc(dev);
}

bool bonding_lacks_address(const struct net_device *dev)
{
	return is_zero_ether_addr(dev->dev_addr) &&
	       dev->addr_assign_type == NET_ADDR_PERM;
}

void bonding_dev_hold(struct net_device *dev)
{
	dev_hold(dev);
}

void bonding_dev_put(struct net_device *dev)
{
	dev_put(dev);
}

void bonding_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "bonding", sizeof(info->driver));
	snprintf(info->fw_version, sizeof(info->fw_version), "%d",
		 BOND_ABI_VERSION);
}

bool bonding_is_staying(const struct net_device *dev)
{
	return dev->reg_state == NETREG_REGISTERED && !dev->dismantle;
}

/*
 * A device that is being unregistered counts until ndo_uninit is over: after
 * that it loses its kobject first, and reg_state changes without RTNL.
 */
bool bonding_is_registered(struct net_device *dev)
{
	return (dev->reg_state == NETREG_REGISTERED ||
		dev->reg_state == NETREG_UNREGISTERING) &&
	       device_is_registered(&dev->dev);
}

netdev_features_t bonding_features(const struct net_device *dev)
{
	return READ_ONCE(dev->features);
}

bool bonding_netif_running(const struct net_device *dev)
{
	return netif_running(dev);
}

bool bonding_netif_carrier_ok(const struct net_device *dev)
{
	return netif_carrier_ok(dev);
}

bool bonding_is_bond_master(const struct net_device *dev)
{
	return netif_is_bond_master(dev);
}

void bonding_set_priv_flags(struct net_device *dev, u32 set, u32 clear)
{
	dev->priv_flags = (dev->priv_flags & ~clear) | set;
}

u32 bonding_priv_flags(const struct net_device *dev)
{
	return dev->priv_flags;
}

/* Whether the current task may configure the network that dev belongs to. */
bool bonding_net_admin(const struct net_device *dev)
{
	return ns_capable(dev_net(dev)->user_ns, CAP_NET_ADMIN);
}

struct net *bonding_dev_net(const struct net_device *dev)
{
	return dev_net(dev);
}

void bonding_set_dev_net(struct net_device *dev, struct net *net)
{
	dev_net_set(dev, net);
}

void bonding_lock_instance(struct net_device *dev)
{
	netdev_lock_ops(dev);
}

void bonding_unlock_instance(struct net_device *dev)
{
	netdev_unlock_ops(dev);
}

/*
 * What the driver says of the link: 1, 0, or a negative number if it can't be
 * asked. Under RTNL and the device's instance lock.
 */
int bonding_driver_link(struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	struct ifreq ifr = {};
	struct mii_ioctl_data *mii = if_mii(&ifr);

	if (!netif_running(dev) || !netif_device_present(dev))
		return 0;
	if (dev->ethtool_ops && dev->ethtool_ops->get_link)
		return !!dev->ethtool_ops->get_link(dev);
	if (!ops->ndo_eth_ioctl)
		return -EOPNOTSUPP;
	strscpy_pad(ifr.ifr_name, dev->name);
	if (ops->ndo_eth_ioctl(dev, &ifr, SIOCGMIIPHY))
		return -EOPNOTSUPP;
	mii->reg_num = MII_BMSR;
	if (ops->ndo_eth_ioctl(dev, &ifr, SIOCGMIIREG))
		return -EOPNOTSUPP;
	return !!(mii->val_out & BMSR_LSTATUS);
}

int bonding_link_settings(struct net_device *dev, u32 *speed, u8 *duplex)
{
	struct ethtool_link_ksettings settings;
	int err;

	err = netif_get_link_ksettings(dev, &settings);
	if (err)
		return err;
	*speed = settings.base.speed;
	*duplex = settings.base.duplex;
	return 0;
}

void bonding_addrs_sync_locked(struct net_device *to, struct net_device *from,
			       bool multiple)
{
	if (multiple) {
		dev_uc_sync_multiple(to, from);
		dev_mc_sync_multiple(to, from);
	} else {
		dev_uc_sync(to, from);
		dev_mc_sync(to, from);
	}
}

void bonding_addrs_sync(struct net_device *to, struct net_device *from,
			bool multiple)
{
	netif_addr_lock_bh(from);
	bonding_addrs_sync_locked(to, from, multiple);
	netif_addr_unlock_bh(from);
}

void bonding_restore_mtu_unregistering(struct net_device *dev, int mtu)
{
	netdev_lock_ops(dev);
	__netif_set_mtu(dev, mtu);
	netdev_unlock_ops(dev);
}

netdev_features_t bonding_base_features(netdev_features_t features)
{
	return netdev_base_features(features);
}

netdev_features_t bonding_add_tso_features(netdev_features_t features,
					   netdev_features_t mask)
{
	return netdev_add_tso_features(features, mask);
}

void bonding_prog_inc(struct bpf_prog *prog)
{
	bpf_prog_inc(prog);
}

void bonding_prog_put(struct bpf_prog *prog)
{
	bpf_prog_put(prog);
}

void bonding_xdp_master_redirect(bool more)
{
	if (more)
		static_branch_inc(&bpf_master_redirect_enabled_key);
	else
		static_branch_dec(&bpf_master_redirect_enabled_key);
}

bool bonding_link_event_pending(const struct net_device *dev)
{
	return test_bit(__LINK_STATE_LINKWATCH_PENDING, &dev->state);
}

int bonding_vlan_vid_add(struct net_device *dev, __be16 proto, u16 vid)
{
	return vlan_vid_add(dev, proto, vid);
}

void bonding_vlan_vid_del(struct net_device *dev, __be16 proto, u16 vid)
{
	vlan_vid_del(dev, proto, vid);
}

int bonding_vlan_vids_add_by_dev(struct net_device *dev,
				 const struct net_device *by_dev)
{
	return vlan_vids_add_by_dev(dev, by_dev);
}

void bonding_vlan_vids_del_by_dev(struct net_device *dev,
				  const struct net_device *by_dev)
{
	vlan_vids_del_by_dev(dev, by_dev);
}

bool bonding_vlan_uses_dev(const struct net_device *dev)
{
	return vlan_uses_dev(dev);
}

bool bonding_irqs_disabled(void)
{
	return irqs_disabled();
}

struct sk_buff *bonding_skb_clone(struct sk_buff *skb)
{
	return skb_clone(skb, GFP_ATOMIC);
}

struct sk_buff *bonding_skb_share_check(struct sk_buff *skb)
{
	return skb_share_check(skb, GFP_ATOMIC);
}

u16 bonding_select_queue(struct net_device *dev, struct sk_buff *skb,
			 struct net_device *sb_dev)
{
	u16 queue = skb_rx_queue_recorded(skb) ? skb_get_rx_queue(skb) : 0;

	/* The slave gets the queue that the stack chose, not the bond's. */
	qdisc_skb_cb(skb)->slave_dev_queue_mapping = skb_get_queue_mapping(skb);
	while (queue >= dev->real_num_tx_queues)
		queue -= dev->real_num_tx_queues;
	return queue;
}

static noinline bool is_igmp_beyond(const struct sk_buff *skb)
{
	const struct iphdr *ip;
	struct iphdr room;

	ip = skb_header_pointer(skb, skb_network_offset(skb), sizeof(room),
				&room);
	return ip && ip->protocol == IPPROTO_IGMP;
}

/* Without a buffer on the stack as long as the header is in the linear part. */
bool bonding_is_igmp(const struct sk_buff *skb)
{
	if (skb->protocol != htons(ETH_P_IP))
		return false;
	if (unlikely(skb_network_offset(skb) + (int)sizeof(struct iphdr) >
		     (int)skb_headlen(skb)))
		return is_igmp_beyond(skb);
	return ip_hdr(skb)->protocol == IPPROTO_IGMP;
}

/*
 * The keys of encap2+3 and encap3+4. Those which the hash leaves out are asked
 * for, too: what is asked for decides how far the dissector goes.
 */
static const struct flow_dissector_key bonding_flow_keys[] = {
	{ FLOW_DISSECTOR_KEY_CONTROL, offsetof(struct flow_keys, control) },
	{ FLOW_DISSECTOR_KEY_BASIC, offsetof(struct flow_keys, basic) },
	{ FLOW_DISSECTOR_KEY_IPV4_ADDRS, offsetof(struct flow_keys, addrs.v4addrs) },
	{ FLOW_DISSECTOR_KEY_IPV6_ADDRS, offsetof(struct flow_keys, addrs.v6addrs) },
	{ FLOW_DISSECTOR_KEY_TIPC, offsetof(struct flow_keys, addrs.tipckey) },
	{ FLOW_DISSECTOR_KEY_PORTS, offsetof(struct flow_keys, ports) },
	{ FLOW_DISSECTOR_KEY_ICMP, offsetof(struct flow_keys, icmp) },
	{ FLOW_DISSECTOR_KEY_VLAN, offsetof(struct flow_keys, vlan) },
	{ FLOW_DISSECTOR_KEY_FLOW_LABEL, offsetof(struct flow_keys, tags) },
	{ FLOW_DISSECTOR_KEY_GRE_KEYID, offsetof(struct flow_keys, keyid) },
};

static struct flow_dissector bonding_flow_dissector __ro_after_init;

void bonding_flow_init(void)
{
	skb_flow_dissector_init(&bonding_flow_dissector, bonding_flow_keys,
				ARRAY_SIZE(bonding_flow_keys));
}

/* Without skb, the frame is what lies at data. */
bool bonding_flow_dissect(const struct net *net, const struct sk_buff *skb,
			  const void *data, __be16 proto, int nhoff, int hlen,
			  struct bonding_flow *flow)
{
	struct flow_keys keys = {};

	if (!__skb_flow_dissect(net, skb, &bonding_flow_dissector, &keys, data,
				proto, nhoff, hlen, 0))
		return false;
	flow->addresses = (__force u32)flow_get_u32_src(&keys) ^
			  (__force u32)flow_get_u32_dst(&keys);
	if (keys.icmp.id)
		memcpy(&flow->ports, &keys.icmp, sizeof(flow->ports));
	else
		flow->ports = (__force u32)keys.ports.ports;
	return true;
}

/* The packets of a connected socket of TCP or UDP. */
void bonding_flow_of_socket(const struct sock *sk, struct bonding_flow *flow)
{
	struct {
		__be16 source, destination;
	} ports = { inet_sk(sk)->inet_sport, inet_sk(sk)->inet_dport };

	memcpy(&flow->ports, &ports, sizeof(flow->ports));
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    (ipv6_only_sock(sk) || !ipv6_addr_v4mapped(&sk->sk_v6_daddr))) {
		flow->addresses = ipv6_addr_hash(&inet6_sk(sk)->saddr) ^
				  ipv6_addr_hash(&sk->sk_v6_daddr);
		return;
	}
#endif
	flow->addresses = (__force u32)inet_sk(sk)->inet_rcv_saddr ^
			  (__force u32)inet_sk(sk)->inet_daddr;
}

/* Returns how many bytes there were, of len at most. */
size_t bonding_skb_copy(const struct sk_buff *skb, u8 *to, size_t len)
{
	len = min_t(size_t, len, skb->len);
	return skb_copy_bits(skb, 0, to, len) ? 0 : len;
}

void bonding_consume_skb(struct sk_buff *skb)
{
	consume_skb(skb);
}

void bonding_drop_skb(struct sk_buff *skb)
{
	kfree_skb(skb);
}

/* Makes dev's address the source; false without memory. */
bool bonding_set_source(struct sk_buff *skb, const struct net_device *dev)
{
	if (!pskb_may_pull(skb, ETH_HLEN) || skb_cow_head(skb, 0))
		return false;
	ether_addr_copy(skb_eth_hdr(skb)->h_source, dev->dev_addr);
	return true;
}

/* Puts dev's address at an offset of the packet's data; false without memory. */
bool bonding_set_mac_at(struct sk_buff *skb, int offset,
			const struct net_device *dev)
{
	if (!pskb_may_pull(skb, offset + ETH_ALEN) || skb_cow_head(skb, 0))
		return false;
	ether_addr_copy(skb->data + offset, dev->dev_addr);
	return true;
}

/* Makes dev's address the destination of a received frame; false without memory. */
bool bonding_readdress(struct sk_buff *skb, const struct net_device *dev)
{
	if (skb_cow_head(skb, skb->data - skb_mac_header(skb)))
		return false;
	ether_addr_copy(eth_hdr(skb)->h_dest, dev->dev_addr);
	return true;
}

bool bonding_is_to_many(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_BROADCAST ||
	       skb->pkt_type == PACKET_MULTICAST;
}

bool bonding_is_to_host(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST;
}

bool bonding_is_bridged(const struct net_device *dev)
{
	return netif_is_bridge_port(dev);
}

/* Whether addr is that of a bridge in dev's namespace. */
bool bonding_is_bridges_addr(const struct net_device *dev, __be32 addr)
{
	struct net_device *has = ip_dev_find(dev_net(dev), addr);
	bool is_bridge;

	if (!has)
		return false;
	is_bridge = netif_is_any_bridge_master(has);
	dev_put(has);
	return is_bridge;
}

/*
 * Sends a frame with its Ethernet header; false without memory. A vlan_id of 0
 * is no VLAN.
 */
bool bonding_send_control(struct net_device *dev, const u8 *frame, size_t len,
			  __be16 vlan_proto, u16 vlan_id)
{
	/* Read once: the device may change it at any time. */
	int head = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb;

	if (len < ETH_HLEN)
		return false;
	skb = alloc_skb(head + len + dev->needed_tailroom, GFP_ATOMIC);
	if (!skb)
		return false;
	skb_reserve(skb, head);
	skb_put_data(skb, frame, len);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = eth_hdr(skb)->h_proto;
	skb->priority = TC_PRIO_CONTROL;
	skb->dev = dev;
	if (vlan_id)
		__vlan_hwaccel_put_tag(skb, vlan_proto, vlan_id);
	dev_queue_xmit(skb);
	return true;
}

bool bonding_skb_is_for_us(const struct sk_buff *skb)
{
	return skb->pkt_type != PACKET_OTHERHOST &&
	       skb->pkt_type != PACKET_LOOPBACK;
}

u64 bonding_ticks(void)
{
	return get_jiffies_64();
}

/* The route to a neighbour, with a reference, or NULL without one. */
struct dst_entry *bonding_route4(struct net *net, __be32 dst)
{
	struct rtable *rt = ip_route_output(net, dst, 0, 0, 0, RT_SCOPE_LINK);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

/* Under RCU. */
struct net_device *bonding_dst_dev(const struct dst_entry *dst)
{
	return dst_dev_rcu(dst);
}

__be32 bonding_confirm_addr(struct net_device *dev, __be32 dst, __be32 local)
{
	return bond_confirm_addr(dev, dst, local);
}

/* Whether a device is a VLAN, and which; numbers in host order. */
bool bonding_vlan_tag(const struct net_device *dev, u16 *proto, u16 *id)
{
	if (!is_vlan_dev(dev))
		return false;
	*proto = ntohs(vlan_dev_vlan_proto(dev));
	*id = vlan_dev_vlan_id(dev);
	return true;
}

struct sk_buff *bonding_arp_reply(struct net_device *dev, __be32 dst, __be32 src,
				  const u8 *dst_mac)
{
	/* As many bytes are read of the address. */
	if (dev->addr_len != ETH_ALEN)
		return NULL;
	return arp_create(ARPOP_REPLY, ETH_P_ARP, dst, dev, src, dst_mac,
			  dev->dev_addr, dst_mac);
}

struct sk_buff *bonding_arp_request(struct net_device *dev, __be32 dst, __be32 src)
{
	return arp_create(ARPOP_REQUEST, ETH_P_ARP, dst, dev, src, NULL,
			  dev->dev_addr, NULL);
}

/* IPv6 is built, and was not turned off on the kernel's command line. */
bool bonding_has_ip6(void)
{
	return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled();
}

/* As bonding_route4(). Without IPv6 there is no route. */
struct dst_entry *bonding_route6(struct net *net, const u8 *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct flowi6 fl6 = {};
	struct dst_entry *route;

	if (!ipv6_mod_enabled())
		return NULL;
	memcpy(&fl6.daddr, dst, sizeof(fl6.daddr));
	route = ip6_route_output(net, NULL, &fl6);
	if (!route->error)
		return route;
	dst_release(route);
#endif
	return NULL;
}

/* The address of a device to ask from; left alone if there is none. */
void bonding_source6(struct net_device *dev, const u8 *dst, u8 *source)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct in6_addr to, from;

	if (!ipv6_mod_enabled())
		return;
	memcpy(&to, dst, sizeof(to));
	if (!ipv6_dev_get_saddr(dev_net(dev), dev, &to, 0, &from))
		memcpy(source, &from, sizeof(from));
#endif
}

bool bonding_has_addr6(struct net_device *dev, const u8 *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct in6_addr own;

	/* Otherwise there is no table of addresses. */
	if (!ipv6_mod_enabled())
		return false;
	memcpy(&own, addr, sizeof(own));
	return ipv6_chk_addr(dev_net(dev), &own, dev, 0);
#else
	return false;
#endif
}

void bonding_copy_mac(const struct net_device *dev, u8 *mac)
{
	memcpy(mac, dev->dev_addr, ETH_ALEN);
}

/* A packet for a group, with its link-layer header, or NULL. */
struct sk_buff *bonding_ip6_packet(struct net_device *dev, const u8 *bytes,
				   u32 len, const u8 *mac)
{
	int head = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb;

	/* As many bytes are read of the address. */
	if (dev->addr_len != ETH_ALEN)
		return NULL;
	skb = alloc_skb(head + len + dev->needed_tailroom, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, head);
	skb_reset_network_header(skb);
	skb_put_data(skb, bytes, len);
	skb->dev = dev;
	skb->protocol = htons(ETH_P_IPV6);
	skb->priority = TC_PRIO_CONTROL;
	if (dev_hard_header(skb, dev, ETH_P_IPV6, mac, dev->dev_addr, len) < 0) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reset_mac_header(skb);
	return skb;
}

/* Frees the packet, and returns NULL, if there is no room for the tag. */
struct sk_buff *bonding_insert_tag(struct sk_buff *skb, u16 proto, u16 id)
{
	return vlan_insert_tag_set_proto(skb, htons(proto), id);
}

void bonding_put_tag(struct sk_buff *skb, u16 proto, u16 id)
{
	__vlan_hwaccel_put_tag(skb, htons(proto), id);
}

const char *bonding_kernel_release(void)
{
	return UTS_RELEASE;
}

u64 __percpu *bonding_alloc_counters(size_t count)
{
	return __alloc_percpu(array_size(count, sizeof(u64)),
			      __alignof__(u64));
}

void bonding_count(u64 __percpu *counters, size_t index, u32 more)
{
	this_cpu_add(counters[index], more);
}

u64 bonding_sum(u64 __percpu *counters, size_t index)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(counters + index, cpu));
	return sum;
}

u32 __percpu *bonding_alloc_counter(void)
{
	return alloc_percpu(u32);
}

u32 bonding_next_ticket(u32 __percpu *counter)
{
	return likely(counter) ? this_cpu_inc_return(*counter) : 0;
}

struct workqueue_struct *bonding_alloc_queue(const char *name)
{
	return alloc_ordered_workqueue("%s", WQ_MEM_RECLAIM, name);
}

void bonding_init_work(struct delayed_work *work, work_func_t func)
{
	INIT_DELAYED_WORK(work, func);
}

/* An earlier deadline wins; a later one leaves the pending one alone. */
void bonding_queue_work(struct workqueue_struct *queue,
			struct delayed_work *work, unsigned long delay)
{
	if (queue_delayed_work(queue, work, delay))
		return;
	if (!delay) {
		mod_delayed_work(queue, work, 0);
		return;
	}
	if (timer_pending(&work->timer) &&
	    time_before(jiffies + delay, READ_ONCE(work->timer.expires)))
		mod_delayed_work(queue, work, delay);
}

/* The network namespaces. */
void *bonding_net_generic(const struct net *net, unsigned int id)
{
	return net_generic(net, id);
}

/* The first device of a namespace, or the one after prev. */
struct net_device *bonding_next_device(struct net *net, struct net_device *prev)
{
	ASSERT_RTNL();
	return prev ? next_net_device(prev) : first_net_device(net);
}

/* As bonding_next_device(), under RCU. */
struct net_device *bonding_next_device_rcu(struct net *net,
					   struct net_device *prev)
{
	return prev ? next_net_device_rcu(prev) :
		      list_first_or_null_rcu(&net->dev_base_head,
					     struct net_device, dev_list);
}

/* Files of sysfs and procfs. */
void bonding_class_attr_init(struct class_attribute *attr, const char *name,
			     umode_t mode)
{
	sysfs_attr_init(&attr->attr);
	attr->attr.name = name;
	attr->attr.mode = mode;
}

int bonding_class_create_file(const struct class_attribute *attr,
			      struct net *net)
{
	return netdev_class_create_file_ns(attr, to_ns_common(net));
}

void bonding_class_remove_file(const struct class_attribute *attr,
			       struct net *net)
{
	netdev_class_remove_file_ns(attr, to_ns_common(net));
}

void bonding_kobj_attr_init(struct kobj_attribute *attr, const char *name,
			    umode_t mode)
{
	sysfs_attr_init(&attr->attr);
	attr->attr.name = name;
	attr->attr.mode = mode;
}

int bonding_restart_syscall(void)
{
	return restart_syscall();
}

struct proc_dir_entry *bonding_proc_mkdir(struct net *net, const char *name)
{
	return proc_mkdir(name, net->proc_net);
}

struct proc_dir_entry *bonding_proc_create(const char *name,
					   struct proc_dir_entry *dir,
					   int (*show)(struct seq_file *, void *),
					   void *data)
{
	return proc_create_single_data(name, 0444, dir, show, data);
}

void bonding_proc_remove(struct proc_dir_entry *entry)
{
	proc_remove(entry);
}

struct dentry *bonding_debugfs_dir(const char *name, struct dentry *parent)
{
	return debugfs_create_dir(name, parent);
}

static int bonding_debugfs_open(struct inode *inode, struct file *file)
{
	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		return -ENODEV;
	return single_open(file, debugfs_get_aux(file), inode->i_private);
}

static const struct file_operations bonding_debugfs_ops = {
	.owner = THIS_MODULE,
	.open = bonding_debugfs_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

void bonding_debugfs_file(const char *name, struct dentry *dir,
			  int (*show)(struct seq_file *, void *), void *data)
{
	debugfs_create_file_aux(name, 0400, dir, data, show,
				&bonding_debugfs_ops);
}

void bonding_debugfs_remove(struct dentry *entry)
{
	debugfs_remove(entry);
}

/* Netlink. */
int bonding_put_u64(struct sk_buff *skb, u16 number, u64 value, u16 pad)
{
	return nla_put_u64_64bit(skb, number, value, pad);
}

struct nlattr *bonding_nest_start(struct sk_buff *skb, u16 number)
{
	return nla_nest_start_noflag(skb, number);
}

void bonding_nest_end(struct sk_buff *skb, struct nlattr *start, bool keep)
{
	if (keep)
		nla_nest_end(skb, start);
	else
		nla_nest_cancel(skb, start);
}

void bonding_extack_unsupported(struct netlink_ext_ack *extack,
				const struct nlattr *attr)
{
	NL_SET_ERR_MSG_ATTR_FMT(extack, attr,
				"bond attribute %u is not supported yet",
				nla_type(attr));
}
