// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Malformed scenarios and overrides, each with the one line that a user gets, word for word. A file is
 * called "bad.ini"; texts with NUL bytes carry their length.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario.h"

#define TEXT(s) s, sizeof(s) - 1
#define X10     "xxxxxxxxxx"
#define X50     X10 X10 X10 X10 X10
#define X200    X50 X50 X50 X50

struct bad_file {
	const char *text;
	size_t len;
	const char *message;
};

struct bad_override {
	const char *override;
	const char *message;
};

static const struct bad_file FILES[] = {
	/* sections */
	{TEXT("rounds = 5\n"), "bad.ini:1: 'rounds' stands before any section: begin with [scenario]"},
	{TEXT("[scenaro]\nrounds = 5\n"), "bad.ini:1: unknown section [scenaro]: did you mean [scenario]?"},
	{TEXT("[Probe]\n"), "bad.ini:1: unknown section [Probe]: did you mean [probe]?"},
	{TEXT("[output]\n"),
	 "bad.ini:1: unknown section [output]: there are [scenario], [probe], [entry], [timer], [reference], "
	 "[trace], [isolate], [churn NAME] and [expect]"},
	{TEXT("[]\n"), "bad.ini:1: unknown section []: there are [scenario], [probe], [entry], [timer], [reference], "
		       "[trace], [isolate], [churn NAME] and [expect]"},
	{TEXT("[probe\ncpus = 1\n"), "bad.ini:1: '[probe' has no closing ]"},
	{TEXT("[probe] cpus = 1\n"), "bad.ini:1: 'cpus = 1' behind a section head: write it on a line of its own"},
	{TEXT("[" X50 X10 X10 "]\n"),
	 "bad.ini:1: section head 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is "
	 "70 bytes long, at most 63"},
	{TEXT("[scenario]\nrounds = 5\n[probe]\n[scenario]\nrounds = 6\n"),
	 "bad.ini:4: section [scenario] again: line 1 opened it, put the keys together there"},
	{TEXT("[expect]\n[expect]\n"),
	 "bad.ini:2: section [expect] again: line 1 opened it, put the keys together there"},
	{TEXT("[churn]\nrate = max\n"), "bad.ini:1: [churn] needs a name, such as [churn bpf-map]"},
	{TEXT("[churn BPF map]\n"),
	 "bad.ini:1: [churn BPF map]: a name is 1 to 31 of a-z, 0-9, '-' and '_', and begins with a letter or digit"},
	{TEXT("[churn -x]\n"),
	 "bad.ini:1: [churn -x]: a name is 1 to 31 of a-z, 0-9, '-' and '_', and begins with a letter or digit"},
	{TEXT("[churn " X10 X10 X10 "xx]\n"),
	 "bad.ini:1: [churn xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]: a name is 1 to 31 of a-z, 0-9, '-' and "
	 "'_', and begins with a letter or digit"},
	{TEXT("[churn a]\n[churn b]\n\n[churn  a]\n"),
	 "bad.ini:4: section [churn a] again: line 1 opened it, put the keys together there"},
	{TEXT("[churn a]\n[churn b]\n[churn c]\n[churn d]\n[churn e]\n[churn f]\n[churn g]\n[churn h]\n[churn i]\n"
	      "[churn j]\n[churn k]\n[churn l]\n[churn m]\n[churn n]\n[churn o]\n[churn p]\n[churn q]\n"),
	 "bad.ini:17: [churn q] is one too many: a scenario has at most 16 churn sections"},
	/* keys */
	{TEXT("[scenario]\n\nround = 5\n"), "bad.ini:3: unknown key 'round' in [scenario]: did you mean 'rounds'?"},
	{TEXT("[scenario]\nRounds = 5\n"), "bad.ini:2: unknown key 'Rounds' in [scenario]: did you mean 'rounds'?"},
	{TEXT("[scenario]\nruonds = 5\n"), "bad.ini:2: unknown key 'ruonds' in [scenario]: did you mean 'rounds'?"},
	{TEXT("[probe]\nthresh = auto\n"), "bad.ini:2: unknown key 'thresh' in [probe]: did you mean 'threshold'?"},
	{TEXT("[probe]\nrate = max\n"), "bad.ini:2: unknown key 'rate' in [probe]: it belongs in [churn NAME]"},
	{TEXT("[churn threads]\nduration = 1s\n"),
	 "bad.ini:2: unknown key 'duration' in [churn NAME]: it belongs in [scenario] or [entry] or [timer] or "
	 "[reference]"},
	{TEXT("[trace]\nxyzzy = 1\n"), "bad.ini:2: unknown key 'xyzzy' in [trace]: its keys are level, buffer"},
	{TEXT("[scenario]\ncpus = 1\n"),
	 "bad.ini:2: unknown key 'cpus' in [scenario]: it belongs in [probe] or [entry] or [isolate] or [churn NAME]"},
	{TEXT("[churn bpf-map]\npags = 4\n"), "bad.ini:2: unknown key 'pags' in [churn NAME]: did you mean 'pages'?"},
	{TEXT("[scenario]\nrounds = 5\nduration = 1s\nrounds = 5\n"),
	 "bad.ini:4: rounds again: line 2 has set it, remove one of them"},
	{TEXT("[churn a]\nrate = max\n[churn b]\nrate = max\nrate = 1/s\n"),
	 "bad.ini:5: rate again: line 4 has set it, remove one of them"},
	/* lines */
	{TEXT("[scenario]\nrounds 5\n"), "bad.ini:2: 'rounds 5' is no section, no 'key = value' and no comment"},
	{TEXT("[scenario]\nrounds 5\nbogus = 1\n"),
	 "bad.ini:2: 'rounds 5' is no section, no 'key = value' and no comment"},
	{TEXT("[scenario]\n= 5\n"), "bad.ini:2: no key before '= 5'"},
	{TEXT("[scenario]\ndescription = one\n  and two\n"),
	 "bad.ini:3: 'and two' is no section, no 'key = value' and no comment"},
	{TEXT("[scenario]\ndescription = " X200 "\n"),
	 "bad.ini:2: 'description = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is 214 bytes "
	 "long, at most 197: shorten the line"},
	{TEXT("[scenario]\r\ndescription = a\rb\r\n"), "bad.ini:2: control character 0x0d in column 16: remove it"},
	{TEXT("[scenario]\nrounds = 5\0\n"), "bad.ini:2: NUL byte in column 11: this is no text file"},
	{TEXT("\0"), "bad.ini:1: NUL byte in column 1: this is no text file"},
	{TEXT("[scenario]\ndescription = \xff\n"), "bad.ini:2: byte 0xff in column 15 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\ndescription = \xe2\x82\n"),
	 "bad.ini:2: byte 0xe2 in column 15 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\ndescription = \xe2-\xac\n"),
	 "bad.ini:2: byte 0xe2 in column 15 is not UTF-8: write it in UTF-8"},
	{TEXT("\xff\xfe[\0s\0"), "bad.ini:1: byte 0xff in column 1 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\n# Latin-1: \xe4\n"), "bad.ini:2: byte 0xe4 in column 12 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\ndescription = \xc0\xaf\n"),
	 "bad.ini:2: byte 0xc0 in column 15 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\ndescription = \xed\xa0\x80\n"),
	 "bad.ini:2: byte 0xed in column 15 is not UTF-8: write it in UTF-8"},
	{TEXT("[scenario]\ndescription = \x1b[2J\n"), "bad.ini:2: control character 0x1b in column 15: remove it"},
	{TEXT("[scenario]\ndescription = \xc2\x9b"
	      "2J\n"),
	 "bad.ini:2: control character 0x9b in column 15: remove it"},
	{TEXT("[scenario]\n\xef\xbb\xbfrounds = 5\n"), "bad.ini:2: byte order mark in column 1: remove it"},
	{TEXT("\x7f"
	      "ELF"),
	 "bad.ini:1: control character 0x7f in column 1: remove it"},
	/* values */
	{TEXT("[scenario]\nduration =\n"),
	 "bad.ini:2: duration has no value: want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = ; ten seconds\n"),
	 "bad.ini:2: duration has no value: want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = 10\n"),
	 "bad.ini:2: duration = '10': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = 99ms\n"),
	 "bad.ini:2: duration = '99ms': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = 8d\n"),
	 "bad.ini:2: duration = '8d': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = 168.1h\n"),
	 "bad.ini:2: duration = '168.1h': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = -1s\n"),
	 "bad.ini:2: duration = '-1s': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[scenario]\nduration = 99999999999999999999s\n"),
	 "bad.ini:2: duration = '99999999999999999999s': want a duration with its unit from 100ms to "
	 "168h, such as 10s"},
	{TEXT("[scenario]\nwarmup = 0\n"),
	 "bad.ini:2: warmup = '0': want a duration with its unit from 0ms to 1h, such as 500ms"},
	{TEXT("[scenario]\nwarmup = 2h\n"),
	 "bad.ini:2: warmup = '2h': want a duration with its unit from 0ms to 1h, such as 500ms"},
	{TEXT("[scenario]\nrounds = 0\n"), "bad.ini:2: rounds = '0': want a whole number from 1 to 1000"},
	{TEXT("[scenario]\nrounds = 1001\n"), "bad.ini:2: rounds = '1001': want a whole number from 1 to 1000"},
	{TEXT("[scenario]\nrounds = 5 # five\n"), "bad.ini:2: rounds = '5 # five': want a whole number from 1 to 1000"},
	{TEXT("[scenario]\nrounds = 0x5\n"), "bad.ini:2: rounds = '0x5': want a whole number from 1 to 1000"},
	{TEXT("[probe]\nkind = spinn\n"),
	 "bad.ini:2: kind = 'spinn': want one or more of spin, entry, timer, oslat and cyclictest, each once, with "
	 "blanks between"},
	{TEXT("[probe]\nkind = spin,entry\n"),
	 "bad.ini:2: kind = 'spin,entry': want one or more of spin, entry, timer, oslat and cyclictest, each once, with "
	 "blanks between"},
	{TEXT("[probe]\nkind = spin entry spin\n"),
	 "bad.ini:2: kind = 'spin entry spin': want one or more of spin, entry, timer, oslat and cyclictest, each once, with "
	 "blanks between"},
	{TEXT("[probe]\nkind = spin entry timer oslat cyclictest spin\n"),
	 "bad.ini:2: kind = 'spin entry timer oslat cyclictest spin': want one or more of spin, entry, timer, oslat and cyclictest, each once, with "
	 "blanks between"},
	{TEXT("[probe]\nkind =\n"),
	 "bad.ini:2: kind has no value: want one or more of spin, entry, timer, oslat and cyclictest, each once, with "
	 "blanks between"},
	{TEXT("[probe]\ncpus = both\n"),
	 "bad.ini:2: cpus = 'both': want isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[entry]\ncpus = all\n"),
	 "bad.ini:2: cpus = 'all': want both, isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[entry]\npages = 257\n"), "bad.ini:2: pages = '257': want a whole number from 1 to 256"},
	{TEXT("[entry]\nduration = 0s\n"),
	 "bad.ini:2: duration = '0s': want a duration with its unit from 100ms to 168h, such as 10s"},
	{TEXT("[entry]\npage = 5\n"), "bad.ini:2: unknown key 'page' in [entry]: did you mean 'pages'?"},
	{TEXT("[timer]\ninterval = 1s\n"),
	 "bad.ini:2: interval = '1s': want a duration with its unit from 50us to 100ms, such as 1ms"},
	{TEXT("[isolate]\nwhat = cpuset irqs cpuset\n"),
	 "bad.ini:2: what = 'cpuset irqs cpuset': want none, all, or one or more of cpuset, irqs and workqueues, each once"},
	{TEXT("[isolate]\nwhat = none irqs\n"),
	 "bad.ini:2: what = 'none irqs': want none, all, or one or more of cpuset, irqs and workqueues, each once"},
	{TEXT("[isolate]\nwhat = all irqs\n"),
	 "bad.ini:2: what = 'all irqs': want none, all, or one or more of cpuset, irqs and workqueues, each once"},
	{TEXT("[isolate]\ncpus = isolated\n"),
	 "bad.ini:2: cpus = 'isolated': want probed, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[isolate]\ncpus = housekeeping\n"),
	 "bad.ini:2: cpus = 'housekeeping': want probed, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[reference]\nduration = 100ms\n"),
	 "bad.ini:2: duration = '100ms': want a duration with its unit from 1s to 168h, such as 10s"},
	{TEXT("[probe]\ncpus = 3-1\n"),
	 "bad.ini:2: cpus = '3-1': want isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[probe]\ncpus = isolate\n"),
	 "bad.ini:2: cpus = 'isolate': want isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[probe]\ncpus = 4096\n"),
	 "bad.ini:2: cpus = '4096': want isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{TEXT("[probe]\nthreshold = 0\n"),
	 "bad.ini:2: threshold = '0': want auto, or a duration with its unit from 10ns to 100ms"},
	{TEXT("[probe]\nthreshold = 1s\n"),
	 "bad.ini:2: threshold = '1s': want auto, or a duration with its unit from 10ns to 100ms"},
	{TEXT("[probe]\nquantum = 9us\n"),
	 "bad.ini:2: quantum = '9us': want a duration with its unit from 10us to 1s, such as 100us"},
	{TEXT("[probe]\nring = 1000\n"), "bad.ini:2: ring = '1000': want a power of two from 1024 to 4194304"},
	{TEXT("[probe]\nring = 8388608\n"), "bad.ini:2: ring = '8388608': want a power of two from 1024 to 4194304"},
	{TEXT("[probe]\nsched = fifo\n"), "bad.ini:2: sched = 'fifo': want other, or fifo:PRIO with PRIO from 1 to 99"},
	{TEXT("[probe]\nsched = fifo:100\n"),
	 "bad.ini:2: sched = 'fifo:100': want other, or fifo:PRIO with PRIO from 1 to 99"},
	{TEXT("[probe]\nsched = rr:1\n"), "bad.ini:2: sched = 'rr:1': want other, or fifo:PRIO with PRIO from 1 to 99"},
	{TEXT("[trace]\nlevel = ful\n"), "bad.ini:2: level = 'ful': want auto, full, entry, counters or none"},
	{TEXT("[trace]\nbuffer = 32K\n"), "bad.ini:2: buffer = '32K': want a size from 64K to 1G, such as 16M"},
	{TEXT("[trace]\nbuffer = 2G\n"), "bad.ini:2: buffer = '2G': want a size from 64K to 1G, such as 16M"},
	{TEXT("[churn x]\nsource = ../x\n"),
	 "bad.ini:2: source = '../x': want the name of a source such as bpf-map ('tlbnoise list' shows them)"},
	{TEXT("[churn x]\nrate = 200\n"),
	 "bad.ini:2: rate = '200': want max, or a rate from 1/min to 10M/s, such as 200/s"},
	{TEXT("[churn x]\nrate = 0/s\n"),
	 "bad.ini:2: rate = '0/s': want max, or a rate from 1/min to 10M/s, such as 200/s"},
	{TEXT("[churn x]\nrate = 11M/s\n"),
	 "bad.ini:2: rate = '11M/s': want max, or a rate from 1/min to 10M/s, such as 200/s"},
	{TEXT("[churn x]\npages = 0-4\n"),
	 "bad.ini:2: pages = '0-4': want a number or a range from 1 to 65536, such as 1-512"},
	{TEXT("[churn x]\npages = 512-1\n"),
	 "bad.ini:2: pages = '512-1': want a number or a range from 1 to 65536, such as 1-512"},
	{TEXT("[churn x]\npages = 65537\n"),
	 "bad.ini:2: pages = '65537': want a number or a range from 1 to 65536, such as 1-512"},
	{TEXT("[churn x]\nworkers = 257\n"), "bad.ini:2: workers = '257': want a whole number from 1 to 256"},
	{TEXT("[churn x]\nburst = 0\n"), "bad.ini:2: burst = '0': want a whole number from 1 to 4096"},
	{TEXT("[churn x]\ngroups = 65\n"), "bad.ini:2: groups = '65': want a whole number from 1 to 64"},
	{TEXT("[scenario]\nduration = 100ms\n[probe]\nquantum = 1s\n"),
	 "bad.ini:4: quantum is longer than duration: a window has to hold many of them"},
	/* expectations */
	{TEXT("[expect]\njiter.p99 = < 5us\n"),
	 "bad.ini:2: unknown metric 'jiter.p99' in [expect]: did you mean 'jitter.p99'?"},
	{TEXT("[expect]\njitter.p98 = < 5us\n"),
	 "bad.ini:2: unknown metric 'jitter.p98' in [expect]: did you mean 'jitter.p90'?"},
	{TEXT("[expect]\ncause.kernel-tlb-flushes = 0\n"),
	 "bad.ini:2: unknown metric 'cause.kernel-tlb-flushes' in [expect]: did you mean 'cause.kernel-tlb-flush'?"},
	{TEXT("[expect]\nlatency = < 5us\n"),
	 "bad.ini:2: unknown metric 'latency' in [expect]: metrics are jitter.p99, interruption.max, "
	 "interruptions.rate, stolen, cause.CLASS, churn.NAME.rate, entry.OPERATION.WHERE.CONDITION.p50, timer.p99, lost "
	 "and others in tlbnoise-scenario(5)"},
	{TEXT("[expect]\njitter.p99 <= 5us\n"),
	 "bad.ini:2: 'jitter.p99 <=': an expectation is written METRIC = OP VALUE, such as jitter.p99 = <= 5us"},
	{TEXT("[expect]\njitter.p99 < 5us\n"),
	 "bad.ini:2: 'jitter.p99 < 5us' has no '=': an expectation is written METRIC = OP VALUE, such as "
	 "jitter.p99 = < 5us"},
	{TEXT("[expect]\njitter.p99 = < 5\n"),
	 "bad.ini:2: jitter.p99 = '< 5': want <, <=, =, >= or > and a duration with its unit, such as '< 5us'"},
	{TEXT("[expect]\njitter.p99 = 5us\n"),
	 "bad.ini:2: jitter.p99 = '5us': what is measured never equals a figure exactly, write '<= 5us' or '>= 5us'"},
	{TEXT("[expect]\njitter.max = <\n"),
	 "bad.ini:2: jitter.max = '<': want <, <=, =, >= or > and a duration with its unit, such as '< 5us'"},
	{TEXT("[expect]\njitter.max =\n"),
	 "bad.ini:2: jitter.max has no value: want <, <=, =, >= or > and a duration with its unit, such as '< 5us'"},
	{TEXT("[expect]\njitter.max = != 5us\n"),
	 "bad.ini:2: jitter.max = '!= 5us': want <, <=, =, >= or > and a duration with its unit, such as '< 5us'"},
	{TEXT("[expect]\ninterruptions.rate = < max\n"),
	 "bad.ini:2: interruptions.rate = '< max': want <, <=, =, >= or > and a rate, such as '< 100/s'"},
	{TEXT("[expect]\ninterruptions.rate = < 5us\n"),
	 "bad.ini:2: interruptions.rate = '< 5us': want <, <=, =, >= or > and a rate, such as '< 100/s'"},
	{TEXT("[expect]\nstolen = < 5\n"),
	 "bad.ini:2: stolen = '< 5': want <, <=, =, >= or > and a share from 0 to 1 or from 0% to 100%, "
	 "such as '< 0.1%'"},
	{TEXT("[expect]\nstolen = < 100.1%\n"),
	 "bad.ini:2: stolen = '< 100.1%': want <, <=, =, >= or > and a share from 0 to 1 or from 0% to "
	 "100%, such as '< 0.1%'"},
	{TEXT("[expect]\nstolen = < .1%\n"),
	 "bad.ini:2: stolen = '< .1%': want <, <=, =, >= or > and a share from 0 to 1 or from 0% to "
	 "100%, such as '< 0.1%'"},
	{TEXT("[expect]\nstolen = < 1.\n"),
	 "bad.ini:2: stolen = '< 1.': want <, <=, =, >= or > and a share from 0 to 1 or from 0% to 100%, "
	 "such as '< 0.1%'"},
	{TEXT("[expect]\nstolen = < 0.1x\n"),
	 "bad.ini:2: stolen = '< 0.1x': want <, <=, =, >= or > and a share from 0 to 1 or from 0% to 100%, "
	 "such as '< 0.1%'"},
	{TEXT("[expect]\ncause.tick = < 0.5\n"),
	 "bad.ini:2: cause.tick = '< 0.5': want <, <=, =, >= or > and a whole number, such as '= 0'"},
	{TEXT("[expect]\nlost = 0%\n"),
	 "bad.ini:2: lost = '0%': want <, <=, =, >= or > and a whole number, such as '= 0'"},
	{TEXT("[expect]\nlost = 0\nstolen = < 1%\nlost = 0\n"),
	 "bad.ini:4: lost again: line 2 has set it, remove one of them"},
	{TEXT("[churn bpf-map]\n[expect]\nchurn.bpfmap.rate = > 100/s\n"),
	 "bad.ini:3: churn.bpfmap.rate: there is no section [churn bpfmap]: did you mean churn.bpf-map.rate?"},
	{TEXT("[expect]\nchurn.threads.rate = > 100/s\n"),
	 "bad.ini:2: churn.threads.rate: there is no section [churn threads]: add it"},
};

static const struct bad_override OVERRIDES[] = {
	{"scenario.rounds", "-o scenario.rounds: no '=': write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE"},
	{"", "-o : no '=': write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE"},
	{"=5", "-o =5: '' has no section: write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE"},
	{"rounds=5", "-o rounds=5: 'rounds' has no section: did you mean scenario.rounds=VALUE?"},
	{"pages=5", "-o pages=5: 'pages' has no section: did you mean entry.pages=VALUE or churn.NAME.pages=VALUE?"},
	{"foo=5", "-o foo=5: 'foo' has no section: write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE"},
	{"scenaro.rounds=5", "-o scenaro.rounds=5: unknown section [scenaro]: did you mean [scenario]?"},
	{"scenario.round=5", "-o scenario.round=5: unknown key 'round' in [scenario]: did you mean 'rounds'?"},
	{"scenario.=5", "-o scenario.=5: no key before '= 5'"},
	{"scenario.rounds=", "-o scenario.rounds=: rounds has no value: want a whole number from 1 to 1000"},
	{"scenario.rounds=0", "-o scenario.rounds=0: rounds = '0': want a whole number from 1 to 1000"},
	{"scenario.rounds=5\n", "-o scenario.rounds=5?: control character 0x0a in column 18: remove it"},
	{"scenario.description=\xff",
	 "-o scenario.description=?: byte 0xff in column 22 is not UTF-8: write it in UTF-8"},
	{"probe.cpus=1,",
	 "-o probe.cpus=1,: cpus = '1,': want isolated, housekeeping, or a list of CPUs below 4096 such as 2-5,8"},
	{"probe.quantum=1s", "-o probe.quantum=1s: quantum is longer than duration: a window has to hold many of them"},
	{"churn.rate=5/s", "-o churn.rate=5/s: churn needs a name and a key: write churn.NAME.KEY=VALUE"},
	{"churn.bpf-map.rat=5/s", "-o churn.bpf-map.rat=5/s: unknown key 'rat' in [churn NAME]: did you mean 'rate'?"},
	{"churn.bpf-map.rate=5",
	 "-o churn.bpf-map.rate=5: rate = '5': want max, or a rate from 1/min to 10M/s, such as 200/s"},
	{"churn.Bpf.rate=5/s",
	 "-o churn.Bpf.rate=5/s: [churn Bpf]: a name is 1 to 31 of a-z, 0-9, '-' and '_', and begins "
	 "with a letter or digit"},
	{"churn..rate=5/s", "-o churn..rate=5/s: [churn] needs a name, such as [churn bpf-map]"},
	{"churn.a.b.rate=5/s", "-o churn.a.b.rate=5/s: unknown key 'b.rate' in [churn NAME]: did you mean 'rate'?"},
	{"expect.jitter.p99<5us", "-o expect.jitter.p99<5us: no '=': write SECTION.KEY=VALUE or churn.NAME.KEY=VALUE"},
	{"expect.jitter.p99<=5us",
	 "-o expect.jitter.p99<=5us: 'jitter.p99<=': an expectation is written METRIC = OP VALUE, such "
	 "as jitter.p99 = <= 5us"},
	{"expect.jitter.p999=<5us",
	 "-o expect.jitter.p999=<5us: unknown metric 'jitter.p999' in [expect]: did you mean 'jitter.p99.9'?"},
	{"expect.churn.nobody.rate=>5/s",
	 "-o expect.churn.nobody.rate=>5/s: churn.nobody.rate: there is no section [churn nobody]: add it"},
	{"scenario.description=" X200 X200 X200 X200 X200 X10 X10,
	 "-o scenario.description=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: 1041 bytes long, at most 1024"},
	{"scenario.description=" X200 X50 X10,
	 "-o scenario.description=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: description = "
	 "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...': want at most 255 bytes of text"},
};

/* Refused with exactly this message; the scenario of the caller stays as it was. */
static void assert_refused(const char *text, size_t len, const char *const *overrides, const char *message)
{
	struct tn_error err = {0};
	tn_autofree struct tn_scenario *sc = malloc(sizeof(*sc)), *untouched = malloc(sizeof(*sc));

	assert_non_null(sc);
	assert_non_null(untouched);
	memset(sc, 0x5a, sizeof(*sc));
	memset(untouched, 0x5a, sizeof(*sc));
	assert_int_equal(tn_scenario_parse(text, len, "bad.ini", overrides, sc, &err), -EINVAL);
	assert_string_equal(err.text, message);
	assert_int_equal(err.code, -EINVAL);
	assert_memory_equal(sc, untouched, sizeof(*sc));
	assert_int_equal(tn_scenario_parse(text, len, "bad.ini", overrides, sc, NULL), -EINVAL);
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(FILES); i++)
		assert_refused(FILES[i].text, FILES[i].len, NULL, FILES[i].message);
}

static void test_overrides(void **state)
{
	static const char TEXT_OK[] = "[scenario]\nduration = 200ms\n[churn bpf-map]\n";

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(OVERRIDES); i++) {
		const char *const overrides[] = {"scenario.rounds=3", OVERRIDES[i].override, NULL};

		assert_refused(TEXT_OK, strlen(TEXT_OK), overrides, OVERRIDES[i].message);
	}
}

/* The first error is the one reported, whichever stage finds it. */
static void test_first_error_wins(void **state)
{
	static const char *const overrides[] = {"scenario.bogus=1", NULL};

	(void)state;
	assert_refused(TEXT("[scenario]\nnothing\nrounds = 0\n[bogus]\n"), overrides,
		       "bad.ini:2: 'nothing' is no section, no 'key = value' and no comment");
	assert_refused(TEXT("[scenario]\nrounds = 0\nnothing\n"), overrides,
		       "bad.ini:2: rounds = '0': want a whole number from 1 to 1000");
}

static void test_too_large(void **state)
{
	tn_autofree char *text = malloc(TN_SCENARIO_TEXT_MAX + 1);
	struct tn_scenario sc;
	struct tn_error err;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', TN_SCENARIO_TEXT_MAX + 1);
	assert_int_equal(tn_scenario_parse(text, TN_SCENARIO_TEXT_MAX, "big.ini", NULL, &sc, &err), 0);
	assert_int_equal(tn_scenario_parse(text, TN_SCENARIO_TEXT_MAX + 1, "big.ini", NULL, &sc, &err), -E2BIG);
	assert_string_equal(err.text, "big.ini: 65537 bytes long, a scenario has at most 65536");
}

static void test_too_many_expectations(void **state)
{
	char text[4096] = "[expect]\n", *p = text + strlen(text);
	struct tn_scenario sc;
	struct tn_error err;

	(void)state;
	for (int i = 0; i < TN_SCENARIO_EXPECT_MAX + 1; i++)
		p += sprintf(p, "churn.c%d.rate = > 1/s\n", i);
	assert_int_equal(tn_scenario_parse(text, strlen(text), "many.ini", NULL, &sc, &err), -EINVAL);
	assert_string_equal(err.text, "many.ini:66: churn.c64.rate is one too many: "
				      "a scenario has at most 64 expectations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_first_error_wins),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_too_many_expectations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
