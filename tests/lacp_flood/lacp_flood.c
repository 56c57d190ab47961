// SPDX-License-Identifier: GPL-2.0
/*
 * Has a slave of a bond receive a flood of slow-protocol frames, as fast as they can be
 * made: LACPDUs and markers with bytes changed, cut off or too long, random bytes, with
 * VLAN tags, in pieces, shared with others.
 *
 * Writing "broken COUNT SEED" to /sys/module/lacp_flood/parameters/flood throws COUNT frames
 * none of which tells a bond anything: of LACPDUs, only broken ones and the bond's own. With
 * "any" instead of "broken" there are others, too. The write ends when all were thrown, or by a
 * signal; the next read tells how many there were of each kind:
 *
 *	frames, ms	how many were thrown, and in which time
 *	lacpdu, marker, response, marker_unknown, unknown, illegal
 *			how a bond should count them
 *	other		those which are no business of LACP's
 *	lost		those which the backlog had no room for
 *	ended		when the last was thrown, in ms since boot
 */
#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/if_vlan.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/unaligned.h>

#define PDU_LEN		110
#define LONGEST		1500
#define LONGEST_FRAME	(ETH_HLEN + 2 * VLAN_HLEN + LONGEST)
/* Of what the PDUs say, all lies before that. */
#define SAID		60

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "the slave");

static char *partner;
module_param(partner, charp, 0444);
MODULE_PARM_DESC(partner, "MAC address of the system at the other end");

static ushort key;
module_param(key, ushort, 0444);
MODULE_PARM_DESC(key, "key of both ends");

/* How a bond should count a frame. */
enum kind { LACPDU, MARKER, RESPONSE, MARKER_UNKNOWN, UNKNOWN, ILLEGAL, OTHER, LOST, KINDS };

static const char *const names[KINDS] = {
	"lacpdu", "marker", "response", "marker_unknown", "unknown", "illegal", "other", "lost",
};

static struct {
	unsigned long frames, kinds[KINDS];
	s64 ms, ended;
} result;

/* A frame being made. */
struct frame {
	u8 to[ETH_ALEN];
	u16 type;		/* behind the tags */
	u16 tags[2];		/* their types */
	unsigned int tagged;	/* how many in the frame */
	bool accelerated;	/* one was taken off by hardware */
	unsigned int len;	/* of the body */
	u8 body[LONGEST];
};

static struct frame frame;
static struct sk_buff *kept;
static u8 pool[16 * LONGEST];
static u8 partner_mac[ETH_ALEN] __aligned(2);
static u64 dice;

/* A random number below @below. */
static u32 roll(u32 below)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (u32)(dice >> 32) % below;
}

static bool one_in(u32 count)
{
	return !roll(count);
}

/* Random bytes, of those made beforehand: for speed. */
static void fill(u8 *bytes, unsigned int len)
{
	memcpy(bytes, pool + roll(sizeof(pool) - len), len);
}

/* What a LACPDU says of an end of the link: 20 bytes. */
static void put_end(u8 *to, u8 tlv, const u8 *mac)
{
	static const u8 port[] = { 0, 255, 0, 1, 0x3f, 0, 0, 0 };

	to[0] = tlv;
	to[1] = 20;
	put_unaligned_be16(0xffff, to + 2);
	memcpy(to + 4, mac, ETH_ALEN);
	put_unaligned_be16(key, to + 10);
	memcpy(to + 12, port, sizeof(port));
}

/* A LACPDU of @sender to @receiver, both of which are content. */
static void make_lacpdu(const u8 *sender, const u8 *receiver)
{
	memset(frame.body, 0, PDU_LEN);
	frame.body[0] = 1;
	frame.body[1] = 1;
	put_end(frame.body + 2, 1, sender);
	put_end(frame.body + 22, 2, receiver);
	frame.body[42] = 3;
	frame.body[43] = 16;
}

static void make_marker(void)
{
	memset(frame.body, 0, PDU_LEN);
	frame.body[0] = 2;
	frame.body[1] = 1;
	frame.body[2] = one_in(4) ? 2 : 1;
	frame.body[3] = 22;
	fill(frame.body + 4, 12);
}

/* Some bytes become others, mostly such as mean something. */
static void change_bytes(void)
{
	static const u8 telling[] = { 0, 1, 2, 3, 20, 22, 0x05, 0x3d, 0x3f, 0xff };
	unsigned int n;

	for (n = roll(6); n; n--) {
		u8 *byte = &frame.body[roll(one_in(2) ? SAID : PDU_LEN)];

		switch (roll(3)) {
		case 0:
			*byte ^= 1 << roll(8);
			break;
		case 1:
			*byte = telling[roll(ARRAY_SIZE(telling))];
			break;
		default:
			*byte = roll(256);
		}
	}
}

static void make_body(const u8 *own)
{
	frame.len = PDU_LEN;
	switch (roll(8)) {
	case 0:
		frame.len = roll(LONGEST + 1);
		fill(frame.body, max_t(unsigned int, frame.len, PDU_LEN));
		return;
	case 1:
		make_lacpdu(own, partner_mac);
		break;
	case 2:
	case 3:
		make_marker();
		break;
	default:
		make_lacpdu(partner_mac, own);
	}
	change_bytes();
	if (one_in(5)) {
		frame.len = roll(PDU_LEN);
	} else if (one_in(5)) {
		frame.len = PDU_LEN + roll(LONGEST - PDU_LEN + 1);
		fill(frame.body + PDU_LEN, frame.len - PDU_LEN);
	}
}

static void make_header(void)
{
	static const u8 group[ETH_ALEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };
	unsigned int n;

	memcpy(frame.to, group, ETH_ALEN);
	frame.type = ETH_P_SLOW;
	if (one_in(16))
		frame.to[roll(ETH_ALEN)] ^= 1 << roll(8);
	if (one_in(16))
		frame.type = ETH_P_802_EX1;
	frame.tagged = one_in(4) ? 1 + one_in(4) : 0;
	for (n = 0; n < frame.tagged; n++)
		frame.tags[n] = one_in(2) ? ETH_P_8021Q : ETH_P_8021AD;
	frame.accelerated = one_in(8);
}

/* How a bond should count the frame. */
static enum kind kind_of(void)
{
	static const u8 group[ETH_ALEN] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };
	const u8 *body = frame.body;

	if (memcmp(frame.to, group, ETH_ALEN) || frame.type != ETH_P_SLOW ||
	    frame.tagged + frame.accelerated > 1)
		return OTHER;
	/* The stack takes no tag off a frame that ends within the two bytes after it. */
	if (frame.tagged && frame.len < 2)
		return OTHER;
	if (frame.len < PDU_LEN)
		return ILLEGAL;
	if (body[0] == 1)
		return body[3] == 20 && body[23] == 20 ? LACPDU : ILLEGAL;
	if (body[0] != 2)
		return UNKNOWN;
	if (body[2] != 1 && body[2] != 2)
		return MARKER_UNKNOWN;
	if (body[3] != 22)
		return ILLEGAL;
	return body[2] == 1 ? MARKER : RESPONSE;
}

/* Copies to a packet, of which the first @linear bytes lie in one piece, the others in pages. */
static bool put(struct sk_buff *skb, const u8 *bytes, unsigned int linear, unsigned int len)
{
	skb_put_data(skb, bytes, linear);
	for (bytes += linear, len -= linear; len;) {
		unsigned int piece = skb_shinfo(skb)->nr_frags == 3 ? len : 1 + roll(len);
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return false;
		memcpy(page_address(page), bytes, piece);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, piece, PAGE_SIZE);
		bytes += piece;
		len -= piece;
	}
	return true;
}

/*
 * The packet of the frame before, with room for any other, unless somebody still has it. The
 * debug kernel takes a millisecond to make one; this one has its first clone with it.
 */
static struct sk_buff *reuse(void)
{
	if (kept && !skb_shared(kept) && !skb_cloned(kept)) {
		skb_push(kept, kept->data - kept->head);
		skb_trim(kept, 0);
		__vlan_hwaccel_clear_tag(kept);
		kept->pkt_type = PACKET_HOST;
	} else {
		kfree_skb(kept);
		kept = alloc_skb_fclone(LONGEST_FRAME, GFP_KERNEL);
	}
	return kept ? skb_get(kept) : NULL;
}

/* The frame as a packet that a driver has received. */
static struct sk_buff *make_skb(struct net_device *dev)
{
	static u8 bytes[LONGEST_FRAME];
	unsigned int at = 2 * ETH_ALEN, n, len, linear;
	struct sk_buff *skb;

	memcpy(bytes, frame.to, ETH_ALEN);
	memcpy(bytes + ETH_ALEN, partner_mac, ETH_ALEN);
	for (n = 0; n < frame.tagged; n++, at += VLAN_HLEN) {
		put_unaligned_be16(frame.tags[n], bytes + at);
		put_unaligned_be16(one_in(4) ? 0 : roll(0x10000), bytes + at + 2);
	}
	put_unaligned_be16(frame.type, bytes + at);
	at += 2;
	memcpy(bytes + at, frame.body, max_t(unsigned int, frame.len, PDU_LEN));
	len = at + max_t(unsigned int, frame.len, PDU_LEN);

	linear = one_in(16) ? ETH_HLEN + roll(len - ETH_HLEN) : len;
	skb = linear < len || one_in(8) ? alloc_skb(linear, GFP_KERNEL) : reuse();
	if (!skb)
		return NULL;
	/* What is cut off is still there, behind the end. */
	if (!put(skb, bytes, linear, len) || pskb_trim(skb, at + frame.len)) {
		kfree_skb(skb);
		return NULL;
	}
	if (frame.accelerated)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), roll(0x10000));
	skb->protocol = eth_type_trans(skb, dev);
	return skb;
}

/* Has the slave receive a packet, as by NAPI, or by way of a CPU's backlog. */
static bool receive(struct sk_buff *skb)
{
	struct sk_buff *copy = one_in(32) ? skb_clone(skb, GFP_KERNEL) : NULL;
	bool taken = true;

	local_bh_disable();
	if (one_in(4))
		taken = netif_rx(skb) == NET_RX_SUCCESS;
	else
		netif_receive_skb(skb);
	local_bh_enable();
	kfree_skb(copy);
	return taken;
}

/* Throws one more frame. */
static int throw(struct net_device *dev, const u8 *own, bool broken)
{
	struct sk_buff *skb;
	enum kind kind;

	make_header();
	make_body(own);
	kind = kind_of();
	if (broken && kind == LACPDU && memcmp(frame.body + 6, own, ETH_ALEN)) {
		frame.body[one_in(2) ? 3 : 23] ^= 1 + roll(255);
		kind = ILLEGAL;
	}
	skb = make_skb(dev);
	if (!skb)
		return -ENOMEM;
	if (!receive(skb))
		kind = LOST;
	result.kinds[kind]++;
	result.frames++;
	return 0;
}

static int throw_all(struct net_device *dev, const u8 *own, bool broken, unsigned long count)
{
	ktime_t begin = ktime_get();
	unsigned int at;
	int err = 0;

	memset(&result, 0, sizeof(result));
	for (at = 0; at < sizeof(pool); at++)
		pool[at] = roll(256);
	while (!err && result.frames < count) {
		if (signal_pending(current))
			err = -EINTR;
		else if (!netif_running(dev))
			err = -ENETDOWN;
		else
			err = throw(dev, own, broken);
		cond_resched();
	}
	result.ended = ktime_to_ms(ktime_get());
	result.ms = ktime_ms_delta(ktime_get(), begin);
	return err;
}

/* The MAC address of the bond that @dev is a slave of. */
static int find_own(struct net_device *dev, u8 *own)
{
	struct net_device *bond;

	rcu_read_lock();
	bond = netdev_master_upper_dev_get_rcu(dev);
	if (bond)
		ether_addr_copy(own, bond->dev_addr);
	rcu_read_unlock();
	return bond ? 0 : -ENODEV;
}

/* Writers, and readers, take turns: the kernel has a lock for each module's parameters. */
static int flood_set(const char *text, const struct kernel_param *unused)
{
	unsigned long count;
	u8 own[ETH_ALEN] __aligned(2);
	struct net_device *dev;
	char which[8];
	int err;

	if (sscanf(text, "%7s %lu %llu", which, &count, &dice) != 3)
		return -EINVAL;
	dice |= 1;
	dev = device ? dev_get_by_name(&init_net, device) : NULL;
	if (!dev)
		return -ENODEV;
	err = find_own(dev, own);
	if (!err)
		err = throw_all(dev, own, !strcmp(which, "broken"), count);
	dev_put(dev);
	return err;
}

static int flood_get(char *text, const struct kernel_param *unused)
{
	int kind, len;

	len = sysfs_emit(text, "frames %lu ms %lld ended %lld", result.frames, result.ms,
			 result.ended);
	for (kind = 0; kind < KINDS; kind++)
		len += sysfs_emit_at(text, len, " %s %lu", names[kind], result.kinds[kind]);
	return len + sysfs_emit_at(text, len, "\n");
}

static const struct kernel_param_ops flood_ops = {
	.set = flood_set,
	.get = flood_get,
};
module_param_cb(flood, &flood_ops, NULL, 0600);
MODULE_PARM_DESC(flood, "write \"broken|any COUNT SEED\" to begin; read what there was");

static int __init flood_init(void)
{
	return partner && mac_pton(partner, partner_mac) ? 0 : -EINVAL;
}

static void __exit flood_exit(void)
{
	kfree_skb(kept);
}

module_init(flood_init);
module_exit(flood_exit);
MODULE_DESCRIPTION("Has a slave receive a flood of LACPDUs and the like, for a test");
MODULE_LICENSE("GPL");
