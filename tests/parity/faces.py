# SPDX-License-Identifier: GPL-2.0
"""What a bond and its slaves show: files in sysfs, text in /proc, link attributes."""
import os

from link import errno_word

NET = "/sys/class/net"
# What a LACP machine changes by itself as time goes on.
RESTLESS = ("ad_actor_oper_port_state", "ad_partner_oper_port_state", "ad_aggregator_id", "Actor Churn State",
            "Partner Churn State", "Actor Churned Count", "Partner Churned Count", "Aggregator ID", "port state")


class Faces:
    """The faces of one bond for as long as it lives; `close` before it is deleted."""

    def __init__(self, link, bond, slaves):
        self.link, self.bond, self.slaves = link, bond, slaves
        self.files = {}
        self.tidied = {}         # text: the same without random addresses
        self.proc_last = "", {}
        self.links_last = {}

    def close(self):
        for fd in self.files.values():
            os.close(fd)
        self.files = {}

    def forget(self, device, names):
        """Files which the device hasn't any more: one of the same name is another one."""
        for key in [key for key in self.files if key[0] == device and key[1] not in names]:
            os.close(self.files.pop(key))

    def file(self, device, folder, name):
        """Reads a file which is kept open."""
        key = device, name
        try:
            if key not in self.files:
                self.files[key] = os.open(f"{NET}/{device}/{folder}/{name}", os.O_RDONLY)
            return os.pread(self.files[key], 4096, 0).decode(errors="replace")
        except OSError as error:
            if key in self.files:
                os.close(self.files.pop(key))
            return errno_word(error)

    def tidy(self, text):
        """A text without random addresses, on one line."""
        if text not in self.tidied:
            self.tidied[text] = self.make_tidy(text)
        return self.tidied[text]

    def make_tidy(self, text):
        for raw, word in self.link.macs.items():
            text = text.replace(":".join(f"{byte:02x}" for byte in raw), word)
        return text.replace("\n", "\\n").replace("\0", "\\0")

    def sysfs(self):
        out = {}
        for device, folder in [(self.bond, "bonding")] + [(slave, "bonding_slave") for slave in self.slaves]:
            try:
                names = sorted(os.listdir(f"{NET}/{device}/{folder}"))
            except OSError:
                names = []
            self.forget(device, names)
            for name in names:
                text = "*" if name in RESTLESS else self.tidy(self.file(device, folder, name))
                out[f"sysfs {device} {name}"] = text
        return out

    def proc_text(self):
        try:
            with open(f"/proc/net/bonding/{self.bond}") as file:
                return file.read()
        except OSError as error:
            return errno_word(error)

    def proc(self):
        """Each line of /proc by its slave and label."""
        text = self.proc_text()
        if text == self.proc_last[0]:
            return self.proc_last[1]
        out = {}
        where = self.bond
        for line in filter(None, text.splitlines()):
            label, _, value = line.partition(": ")
            if label == "Slave Interface":
                where = value
            value = "*" if label.strip() in RESTLESS else self.tidy(value)
            out[f"proc {where} {label}"] = value
        self.proc_last = text, out
        return out

    def links(self):
        out = {}
        for device in [self.bond] + self.slaves:
            try:
                link = self.link.get(device)
            except OSError:
                continue
            old = self.links_last.get(device)
            if old is None or old[0] is not link:
                old = self.links_last[device] = link, {f"link {device} {word}": text for word, text in link.items()}
            out.update(old[1])
        return out

    def modes(self):
        """The files' permissions."""
        out = []
        for device, folder in [(self.bond, "bonding")] + [(slave, "bonding_slave") for slave in self.slaves]:
            path = f"{NET}/{device}/{folder}"
            if os.path.isdir(path):
                out += [f"{folder}/{name} {os.stat(f'{path}/{name}').st_mode & 0o777:04o}" for name in sorted(os.listdir(path))]
        return out
