// SPDX-License-Identifier: GPL-2.0

//! What a bond does when an ioctl asks for it: the same as when another face does.

use crate::{
    bond::{
        enslave,
        options::OptionId,
        release::{
            self,
            Reason, //
        },
        Bond, //
    },
    kapi::{
        ioctl::{
            BondInfo,
            Command,
            Ioctl,
            SlaveInfo, //
        },
        net_device::{
            ExtAck,
            NetDevice, //
        },
        rtnl::Rtnl, //
    },
};

use kernel::prelude::*;

impl Ioctl for Bond {
    fn command(&self, rtnl: &Rtnl, command: Command, dev: &NetDevice) -> Result {
        match command {
            Command::Enslave => enslave::enslave(self, rtnl, dev, &ExtAck::none()),
            Command::Release => release::release(self, rtnl, dev, Reason::Asked),
            Command::TakeMac => self.dev.take_mac_of(rtnl, dev),
            Command::Activate => {
                let name = dev.name();
                self.set_text(rtnl, OptionId::ActiveSlave.def(), name.as_bytes())
            }
        }
    }

    fn bond_info(&self) -> BondInfo {
        let state = self.state.lock();
        BondInfo {
            mode: state.params.mode.as_u8(),
            slaves: state.members.len(),
            miimon: state.params.miimon,
        }
    }

    fn slave_info(&self, position: usize) -> Option<SlaveInfo> {
        let state = self.state.lock();
        let member = state.members.get(position)?;
        Some(SlaveInfo {
            name: member.port.dev().name(),
            link: member.link.state().as_u8(),
            backup: member.port.is_backup(),
            failures: member.link.failures(),
        })
    }
}
