# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run with isolation changes on the machine, as the kernel shows it: to be the same before and after."""
import contextlib
import glob
import os
import subprocess

import live

LEGACY, UNIFIED = '/sys/fs/cgroup/cpuset', '/sys/fs/cgroup'
VALUES = ['/proc/irq/*/smp_affinity_list', '/proc/irq/default_smp_affinity', '/sys/devices/virtual/workqueue/cpumask',
          f'{LEGACY}/cpuset.sched_load_balance', f'{LEGACY}/cpuset.cpus', f'{LEGACY}/*/cpuset.cpus',
          f'{UNIFIED}/cgroup.subtree_control', f'{UNIFIED}/cpuset.cpus.isolated']
KTHREADS = 2


def can_isolate():
    return os.path.exists(f'{LEGACY}/cpuset.cpus') or 'cpuset' in live.read(f'{UNIFIED}/cgroup.controllers').split()


def values():
    return {path: live.read(path).strip() for pattern in VALUES for path in sorted(glob.glob(pattern))}


def cpusets():
    """Of ours."""
    return glob.glob(f'{LEGACY}/**/tlbnoise.*', recursive=True) + glob.glob(f'{UNIFIED}/tlbnoise.*')


def allowed(pid):
    for line in live.read(f'/proc/{pid}/status').splitlines():
        if line.startswith('Cpus_allowed_list:'):
            return line.split()[1]
    return None


def kernel_threads():
    """Where they may run, of those that stay as long as the machine does: workers come and go."""
    found = {}
    for path in glob.glob('/proc/[0-9]*/stat'):
        name, _, fields = live.read(path).partition('(')[2].rpartition(')')
        if fields.split()[1:2] == [str(KTHREADS)] and not name.startswith('kworker'):
            found[name, path.split('/')[2]] = allowed(path.split('/')[2])
    return found


class Witnesses:
    """Processes with affinities of their own, which outlive all runs."""

    def __init__(self):
        lists = ['0', str(live.CPU), f'0-{live.CPU}']
        unmarked = {name: value for name, value in os.environ.items() if name != live.MARK}
        self.processes = [subprocess.Popen(['taskset', '-c', cpus, 'sleep', '100000'], env=unmarked) for cpus in lists]
        for process in self.processes:
            live.wait_for(lambda p=process: live.read(f'/proc/{p.pid}/comm').strip() == 'sleep', 'a witness sleeps')

    def look(self):
        return [(allowed(p.pid), live.read(f'/proc/{p.pid}/cpuset').strip()) for p in self.processes]

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


class Machine:
    """As it is now; differs() says what has changed since."""

    def __init__(self):
        self.witnesses = Witnesses()
        self.before = self._look()

    def _look(self):
        return {'values': values(), 'cpusets': cpusets(), 'witnesses': self.witnesses.look(),
                'kernel threads': kernel_threads()}

    def differs(self):
        now = self._look()
        found = []
        for what, before in self.before.items():
            if isinstance(before, dict):
                found += [f'{key}: {before[key]!r} became {now[what][key]!r}' for key in before
                          if now[what].get(key) and now[what][key] != before[key]]
            elif now[what] != before:
                found.append(f'{what}: {before} became {now[what]}')
        for path in now['cpusets']:
            for pid in live.read(f'{path}/tasks', live.read(f'{path}/cgroup.procs')).split():
                found.append(f'{path} has {pid}: {live.read(f"/proc/{pid}/stat")[:100]}')
        return found


def write(path, text):
    with contextlib.suppress(OSError), open(path, 'w', encoding='utf-8') as f:
        f.write(text)


def heal():
    """Lets go of CPUs that an interrupted test has left isolated. The journal by which its daemon's successor would do
    so lay in the test's mount namespace and is gone with it: things get what the kernel gives them at boot.
    """
    left = [path for path in cpusets() if live.owner_is_dead(os.path.basename(path))]
    for path in left:
        write(f'{path}/cpuset.cpus.partition', 'member')
        for tasks in 'cgroup.procs', 'tasks':
            for pid in live.read(f'{path}/{tasks}').split():
                write(f'{path}/../{tasks}', pid)
        os.rmdir(path)
        print(f'Removed {path}, which an interrupted test had left')
    if not left:
        return
    write(f'{LEGACY}/cpuset.sched_load_balance', '1')
    online = live.read('/sys/devices/system/cpu/online').strip()
    everywhere = f'{(1 << os.cpu_count()) - 1:x}'
    write('/sys/devices/virtual/workqueue/cpumask', everywhere)
    write('/proc/irq/default_smp_affinity', everywhere)
    for path in glob.glob('/proc/irq/*/smp_affinity_list'):
        write(path, online)
    for _, pid in kernel_threads():
        with contextlib.suppress(OSError):  # those that the kernel has bound to a CPU refuse
            os.sched_setaffinity(int(pid), range(os.cpu_count()))


if __name__ == '__main__':
    heal()
