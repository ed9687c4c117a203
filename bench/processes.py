"""What a program takes: the process that was started and all that came of it. linnet is a broker and its child, the
server, and a third process where lease scripts are run; dnsmasq has a child for each TCP connection."""
import os
import pathlib
import re


def proc(pid, file):
    """A file of the process; empty when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/{file}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid):
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
            for child in proc(pid, f"task/{task.parent.name}/children").split()]


def family(pid):
    """The process and all below it."""
    return [pid] + [below for child in children(pid) for below in family(child)]


def server_pid(pid):
    """The process that reads packets: the server, a child of the broker that was started; or the one there is."""
    return next((child for child in children(pid) if proc(child, "comm").strip().endswith("-server")), pid)


def field(pid, file, name):
    found = re.search(rf"^{name}:\s+(\d+)", proc(pid, file), re.M)
    return int(found[1]) if found else 0


def living_seconds(pid):
    """Of its threads; those that have ended count in the kernel's ticks alone."""
    tasks = [task.name for task in pathlib.Path(f"/proc/{pid}/task").glob("*")]
    said = [proc(pid, f"task/{task}/schedstat").split() for task in tasks]
    return max(sum(int(words[0]) for words in said if words) / 1e9, ticks(pid, 11))


def ticks(pid, first):
    """Two fields of its state, user and system time, in seconds."""
    fields = proc(pid, "stat").rpartition(")")[2].split()
    return (int(fields[first]) + int(fields[first + 1])) / os.sysconf("SC_CLK_TCK") if fields else 0


def ended_seconds(pid):
    """Of children that it has waited for."""
    return ticks(pid, 13)


def cpu_seconds(pid):
    """What the kernel charged every thread of every process, and those that have ended."""
    return sum(living_seconds(one) + ended_seconds(one) for one in family(pid))


def own_kib(pid):
    """Memory without files, each page once: of a page that n of them have, the kernel's share counts 1/n in each."""
    return sum(field(one, "smaps_rollup", name) for one in family(pid) for name in ("Pss_Anon", "Pss_Shmem"))


def file_pages(pid):
    """KiB of each part of a file that the process has in memory, by file and place."""
    for part in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", proc(pid, "smaps"))[1:]:
        _, _, offset, device, inode = part.split()[:5]
        if inode != "0":
            resident, anonymous = (int(re.search(rf"^{name}:\s+(\d+)", part, re.M)[1]) for name in ("Rss", "Anonymous"))
            yield (device, inode, offset), resident - anonymous


def memory_kib(pid):
    """All that its processes have in memory, each page once, whoever else has the same libraries open."""
    files = {}
    for one in family(pid):
        for place, resident in file_pages(one):
            files[place] = max(files.get(place, 0), resident)
    return own_kib(pid) + sum(files.values())


def resident_kib(pid):
    """A page that two of them have counts twice."""
    return sum(field(one, "status", "VmRSS") for one in family(pid))


def most_kib(pid):
    """About the most it had at any time: the largest process at its peak, and what the others have for themselves."""
    pids = sorted(family(pid), key=lambda one: field(one, "status", "VmHWM"))
    return field(pids[-1], "status", "VmHWM") + sum(
        field(one, "smaps_rollup", name) for one in pids[:-1] for name in ("Private_Clean", "Private_Dirty"))
