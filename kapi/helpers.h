/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out-of-line forms of what the kernel's headers offer as macros, inline
 * functions or bit fields, for Rust, which can use none of these.
 * Each does just what its name says; the rules of use are those of the
 * function called.
 */
#ifndef RUST_BONDING_HELPERS_H
#define RUST_BONDING_HELPERS_H

#include <linux/debugfs.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/bonding.h>

/* The kernel log; text is a Rust fmt::Arguments. */
void bonding_log_device(int level, const struct net_device *bond,
			const struct net_device *slave, const void *text);
void bonding_log_module(int level, const void *text);

/* Bottom-half safe spin lock. */
void bonding_spin_lock_init(spinlock_t *lock, const char *name,
			    struct lock_class_key *key);
void bonding_spin_lock_bh(spinlock_t *lock);
void bonding_spin_unlock_bh(spinlock_t *lock);

/* The bond's device. */
void bonding_setup_device(struct net_device *dev, const struct device_type *type);
void bonding_lockdep_set_classes(struct net_device *dev);
void bonding_ether_setup_keep_flags(struct net_device *dev);
void bonding_setup_by_slave(struct net_device *dev, struct net_device *slave,
			    const struct header_ops *proxy);
void bonding_eth_hw_addr_random(struct net_device *dev);
void bonding_dev_addr_set(struct net_device *dev, const u8 *addr, size_t len);
void bonding_tx_dropped_inc(struct net_device *dev);
bool bonding_lacks_address(const struct net_device *dev);

void bonding_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info);

bool bonding_mode_has_xfrm(const struct net_device *dev);
bool bonding_xfrm_state_tryhold(struct xfrm_state *xs);
void bonding_xfrm_state_put(struct xfrm_state *xs);
void bonding_setup_xfrm(struct net_device *dev);
void bonding_follow_mode_xfrm(struct net_device *dev);

/* Any device. */
bool bonding_is_registered(struct net_device *dev);
bool bonding_is_staying(const struct net_device *dev);
netdev_features_t bonding_features(const struct net_device *dev);
void bonding_dev_hold(struct net_device *dev);
void bonding_dev_put(struct net_device *dev);
bool bonding_netif_running(const struct net_device *dev);
bool bonding_netif_carrier_ok(const struct net_device *dev);
bool bonding_is_bond_master(const struct net_device *dev);
void bonding_set_priv_flags(struct net_device *dev, u32 set, u32 clear);
u32 bonding_priv_flags(const struct net_device *dev);
bool bonding_net_admin(const struct net_device *dev);
struct net *bonding_dev_net(const struct net_device *dev);
void bonding_set_dev_net(struct net_device *dev, struct net *net);
void bonding_lock_instance(struct net_device *dev);
void bonding_unlock_instance(struct net_device *dev);
int bonding_driver_link(struct net_device *dev);
int bonding_link_settings(struct net_device *dev, u32 *speed, u8 *duplex);
void bonding_addrs_sync(struct net_device *to, struct net_device *from,
			bool multiple);
void bonding_addrs_sync_locked(struct net_device *to, struct net_device *from,
			       bool multiple);
void bonding_restore_mtu_unregistering(struct net_device *dev, int mtu);
netdev_features_t bonding_base_features(netdev_features_t features);
netdev_features_t bonding_add_tso_features(netdev_features_t features,
					   netdev_features_t mask);

void bonding_prog_inc(struct bpf_prog *prog);
void bonding_prog_put(struct bpf_prog *prog);
void bonding_xdp_master_redirect(bool more);

bool bonding_link_event_pending(const struct net_device *dev);

/* VLANs; without CONFIG_VLAN_8021Q there are none. */
int bonding_vlan_vid_add(struct net_device *dev, __be16 proto, u16 vid);
void bonding_vlan_vid_del(struct net_device *dev, __be16 proto, u16 vid);
int bonding_vlan_vids_add_by_dev(struct net_device *dev,
				 const struct net_device *by_dev);
void bonding_vlan_vids_del_by_dev(struct net_device *dev,
				  const struct net_device *by_dev);
bool bonding_vlan_uses_dev(const struct net_device *dev);

/* Packets. */
bool bonding_irqs_disabled(void);
struct sk_buff *bonding_skb_clone(struct sk_buff *skb);
struct sk_buff *bonding_skb_share_check(struct sk_buff *skb);
u16 bonding_select_queue(struct net_device *dev, struct sk_buff *skb,
			 struct net_device *sb_dev);
bool bonding_is_igmp(const struct sk_buff *skb);
bool bonding_skb_is_for_us(const struct sk_buff *skb);

/* What the flow dissector finds in a frame, innermost headers last. */
struct bonding_flow {
	u32 addresses;	/* source and destination, folded, by exclusive or */
	u32 ports;	/* ports; or type, code and identifier of ICMP */
};
void bonding_flow_init(void);
bool bonding_flow_dissect(const struct net *net, const struct sk_buff *skb,
			  const void *data, __be16 proto, int nhoff, int hlen,
			  struct bonding_flow *flow);
void bonding_flow_of_socket(const struct sock *sk, struct bonding_flow *flow);
size_t bonding_skb_copy(const struct sk_buff *skb, u8 *to, size_t len);
void bonding_consume_skb(struct sk_buff *skb);
void bonding_drop_skb(struct sk_buff *skb);
bool bonding_send_control(struct net_device *dev, const u8 *frame, size_t len,
			  __be16 vlan_proto, u16 vlan_id);
bool bonding_set_source(struct sk_buff *skb, const struct net_device *dev);
bool bonding_set_mac_at(struct sk_buff *skb, int offset,
			const struct net_device *dev);
bool bonding_readdress(struct sk_buff *skb, const struct net_device *dev);
bool bonding_is_to_many(const struct sk_buff *skb);
bool bonding_is_to_host(const struct sk_buff *skb);
bool bonding_is_bridged(const struct net_device *dev);
bool bonding_is_bridges_addr(const struct net_device *dev, __be32 addr);
struct sk_buff *bonding_arp_reply(struct net_device *dev, __be32 dst, __be32 src,
				  const u8 *dst_mac);

/* Questions to hosts, for the ARP monitor. */
u64 bonding_ticks(void);
struct dst_entry *bonding_route4(struct net *net, __be32 dst);
struct net_device *bonding_dst_dev(const struct dst_entry *dst);
__be32 bonding_confirm_addr(struct net_device *dev, __be32 dst, __be32 local);
bool bonding_vlan_tag(const struct net_device *dev, u16 *proto, u16 *id);
struct sk_buff *bonding_arp_request(struct net_device *dev, __be32 dst, __be32 src);
bool bonding_has_ip6(void);
struct dst_entry *bonding_route6(struct net *net, const u8 *dst);
void bonding_source6(struct net_device *dev, const u8 *dst, u8 *source);
bool bonding_has_addr6(struct net_device *dev, const u8 *addr);
void bonding_copy_mac(const struct net_device *dev, u8 *mac);
struct sk_buff *bonding_ip6_packet(struct net_device *dev, const u8 *bytes,
				   u32 len, const u8 *mac);
struct sk_buff *bonding_insert_tag(struct sk_buff *skb, u16 proto, u16 id);
void bonding_put_tag(struct sk_buff *skb, u16 proto, u16 id);

/* UTS_RELEASE. */
const char *bonding_kernel_release(void);

/* Counters of bytes, a row a CPU. */
u64 __percpu *bonding_alloc_counters(size_t count);
void bonding_count(u64 __percpu *counters, size_t index, u32 more);
u64 bonding_sum(u64 __percpu *counters, size_t index);

/* The packet counter of balance-rr, one a CPU. */
u32 __percpu *bonding_alloc_counter(void);
u32 bonding_next_ticket(u32 __percpu *counter);

/* Work. */
struct workqueue_struct *bonding_alloc_queue(const char *name);
void bonding_init_work(struct delayed_work *work, work_func_t func);
void bonding_queue_work(struct workqueue_struct *queue,
			struct delayed_work *work, unsigned long delay);

/* The network namespaces. */
void *bonding_net_generic(const struct net *net, unsigned int id);
struct net_device *bonding_next_device(struct net *net, struct net_device *prev);
struct net_device *bonding_next_device_rcu(struct net *net,
					   struct net_device *prev);

/* Files of sysfs, procfs and debugfs. */
void bonding_class_attr_init(struct class_attribute *attr, const char *name,
			     umode_t mode);
int bonding_class_create_file(const struct class_attribute *attr,
			      struct net *net);
void bonding_class_remove_file(const struct class_attribute *attr,
			       struct net *net);
void bonding_kobj_attr_init(struct kobj_attribute *attr, const char *name,
			    umode_t mode);
int bonding_restart_syscall(void);
struct proc_dir_entry *bonding_proc_mkdir(struct net *net, const char *name);
struct proc_dir_entry *bonding_proc_create(const char *name,
					   struct proc_dir_entry *dir,
					   int (*show)(struct seq_file *, void *),
					   void *data);
void bonding_proc_remove(struct proc_dir_entry *entry);

struct dentry *bonding_debugfs_dir(const char *name, struct dentry *parent);
void bonding_debugfs_file(const char *name, struct dentry *dir,
			  int (*show)(struct seq_file *, void *), void *data);
void bonding_debugfs_remove(struct dentry *entry);

/* Netlink. */
int bonding_put_u64(struct sk_buff *skb, u16 number, u64 value, u16 pad);
struct nlattr *bonding_nest_start(struct sk_buff *skb, u16 number);
void bonding_nest_end(struct sk_buff *skb, struct nlattr *start, bool keep);
void bonding_extack_unsupported(struct netlink_ext_ack *extack,
				const struct nlattr *attr);

#endif
