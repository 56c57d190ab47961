// SPDX-License-Identifier: GPL-2.0
/*
 * Loading it takes RTNL and keeps it until the module is asked to let go, or for ten
 * seconds: what a bond does meanwhile, it does without.
 *
 * /sys/module/hold_rtnl/parameters/held reads Y while RTNL is held; writing N ends it.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

static bool held;
module_param(held, bool, 0644);
MODULE_PARM_DESC(held, "RTNL is held; write 0 to let go");

static struct task_struct *holder;

static int hold(void *unused)
{
	unsigned long end = jiffies + 10 * HZ;

	rtnl_lock();
	WRITE_ONCE(held, true);
	while (READ_ONCE(held) && !kthread_should_stop() && time_before(jiffies, end))
		msleep(10);
	rtnl_unlock();
	WRITE_ONCE(held, false);
	while (!kthread_should_stop())
		msleep(10);
	return 0;
}

static int __init hold_init(void)
{
	holder = kthread_run(hold, NULL, "hold_rtnl");
	return PTR_ERR_OR_ZERO(holder);
}

static void __exit hold_exit(void)
{
	kthread_stop(holder);
}

module_init(hold_init);
module_exit(hold_exit);
MODULE_DESCRIPTION("Holds RTNL for a while, for a test");
MODULE_LICENSE("GPL");
