"""Which calls of the kernel the code in a jail is refused, as a program for seccomp(2). Knows no jail.

The namespaces of the jail leave nothing to reach. What is refused here is what would let code take the machine's
processes or memory past its limits, or would give a hole of the kernel more to work with. A list of what is allowed
would be shorter to trust, but breaks with each new C library (known from other sandboxes: "operation not permitted",
now and then). Numbers: the kernel's tables for x86_64 and for the generic table that aarch64 uses.
"""

import platform
import struct

ALLOW, REFUSE, ABSENT, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
"""SECCOMP_RET_ALLOW, _ERRNO with EPERM, _ERRNO with ENOSYS, _KILL_PROCESS."""
LOAD, EQUAL, AT_LEAST, HAS_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in what the filter is shown."""
CLONE_THREAD = 0x00010000
X32 = 0x40000000
"""From here on the numbers of x86_64 mean its other ABI."""

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
"""Answered with ENOSYS, for the C library then makes its threads with clone(2), whose flags can be seen."""

REFUSED: dict[str, tuple[int, int]] = {
    "fork": (57, -1),
    "vfork": (58, -1),
    "socket": (41, 198),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "inotify_init": (253, -1),
    "inotify_init1": (294, 26),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "personality": (135, 92),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
}


def program(machine: str = "", *, but: str = "") -> bytes:
    """The filter for this machine, with one call let through; empty where its numbers are not known."""
    machine = machine or platform.machine()
    if machine not in MACHINES:
        return b""
    column = list(MACHINES).index(machine)
    numbers = [pair[column] for name, pair in REFUSED.items() if pair[column] >= 0 and name != but]
    lines = [
        step(LOAD, MACHINE),
        step(EQUAL, MACHINES[machine], yes=1),
        step(RETURN, KILL),
        step(LOAD, NUMBER),
        step(AT_LEAST, X32, no=1),
        step(RETURN, KILL),
        step(EQUAL, CLONE3, no=1),
        step(RETURN, ABSENT),
        step(EQUAL, CLONE[machine], no=3),
        step(LOAD, FIRST_ARGUMENT),
        step(HAS_BIT, CLONE_THREAD, yes=len(numbers) + 1),
        step(RETURN, REFUSE),
    ]
    for left, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        lines.append(step(EQUAL, number, yes=left))
    return b"".join([*lines, step(RETURN, ALLOW), step(RETURN, REFUSE)])


def step(what: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction, and how many to leap over if its test holds or does not."""
    return struct.pack("HBBI", what, yes, no, value)
