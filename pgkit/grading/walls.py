"""The walls around one submission, inside the sandbox: namespaces, mounts, rights, limits and a filter of system calls.

Standard library and Linux only: namespaces(7), capabilities(7), setrlimit(2), seccomp(2). Each function acts on the
process that calls it, for good.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from typing import Any

# unshare(2), prctl(2) and mount(2)
NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NEW_ANY = (
    NEWNS | NEWIPC | NEWUSER | NEWPID | NEWNET | 0x2000000 | 0x4000000 | 0x80
)  # cgroup, uts, time
PDEATHSIG, NO_NEW_PRIVS, SET_SECCOMP, SECCOMP_FILTER = 1, 38, 22, 2
NODEV_NOSUID = 0x4 | 0x2
MOST_FILES = 20_000  # in one private folder

# Memory that no limit counts, eyes on other processes, and ways into other namespaces:
# name -> (number on x86_64, on aarch64)
REFUSED = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "kcmp": (312, 272), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
}  # fmt: skip
CLONE, CLONE3 = (56, 220), 435
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH


def libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    libc().prctl(PDEATHSIG, signal.SIGKILL)


def own_namespaces() -> None:
    """Users, processes, mounts, shared memory and network of one's own; the next fork is process 1 of them."""
    uid, gid = os.getuid(), os.getgid()
    if libc().unshare(NEWUSER | NEWPID | NEWNS | NEWIPC | NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    maps = (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"))
    for name, text in maps:
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def nothing_writable() -> None:
    """Every mount there is becomes read-only, /proc and the nodes in /dev too.  Needs Linux 5.12.

    A student of an instructor who grades as root would else be root's namesake before the files of /proc/sys.
    """
    whole_tree, read_only, here = 0x8000, 1, -100
    change = struct.pack("=QQQQ", read_only, 0, 0, 0)
    if libc().syscall(442, here, b"/", whole_tree, change, len(change)):  # mount_setattr
        raise OSError(ctypes.get_errno(), "mount_setattr; the sandbox needs Linux 5.12 or later")


def own_folder(place: str, size: int) -> None:
    """An empty folder in memory, for at most `size` bytes, over what was there."""
    options = f"size={size},nr_inodes={MOST_FILES}".encode()
    if libc().mount(b"tmpfs", place.encode(), b"tmpfs", NODEV_NOSUID, options):
        raise OSError(ctypes.get_errno(), f"mount {place}")


def drop_rights() -> None:
    """No capability is left, not even in the namespaces of one's own."""
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    none = (ctypes.c_uint32 * 6)()
    if libc().capset(head, none):
        raise OSError(ctypes.get_errno(), "capset")


def limit(limits: dict[str, Any]) -> None:
    """What the kernel itself holds, for each process."""
    seconds = int(limits["seconds"]) + 5
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"] + 2_000_000_000),  # what libraries only reserve
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def filter_calls() -> None:
    """Refuse the system calls of REFUSED, and new namespaces by clone.  On other processors: nothing."""
    if platform.machine() not in ARCHITECTURES:
        return
    column, architecture = ARCHITECTURES[platform.machine()]
    load, equal, at_least, any_of, give = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, kill, allow = 0x50000 | errno.EPERM, 0x80000000, 0x7FFF0000
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, kill), (load, 0, 0, 0)]
    if column == 0:  # the other numbering of x86_64
        program += [(at_least, 0, 1, 0x40000000), (give, 0, 0, refuse)]
    for numbers in REFUSED.values():
        program += [(equal, 0, 1, numbers[column]), (give, 0, 0, refuse)]
    program += [(equal, 0, 1, CLONE3), (give, 0, 0, 0x50000 | errno.ENOSYS)]  # then clone is taken
    program += [
        (equal, 0, 3, CLONE[column]),
        (load, 0, 0, 16),
        (any_of, 0, 1, NEW_ANY),
        (give, 0, 0, refuse),
    ]
    program += [(give, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    lib = libc()
    if lib.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or lib.prctl(SET_SECCOMP, SECCOMP_FILTER, head, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def used_by(pid: int) -> int:
    """Bytes of memory that a process holds and others do not: its own pages and those it shares by mmap."""
    kilobytes = 0
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:")):
                kilobytes += int(line.split()[1])
    return kilobytes * 1024
