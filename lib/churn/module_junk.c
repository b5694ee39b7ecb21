// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * module-junk: init_module() of bytes that are no module. The kernel takes vmalloc memory of the full length,
 * copies the bytes into it, refuses them and frees the memory at once, in the caller's context
 * (copy_module_from_user() in kernel/module/main.c).
 *
 * The last page of the junk cannot be read, so that the copy ends with EFAULT, the success of this source.
 * Bytes that can be read throughout are refused one step later, by the ELF check with ENOEXEC; but since
 * 5.17 that check writes a line to the kernel log each time, and thousands of lines a second on a console
 * would be another load than the one asked for. The signature check would do the same under lockdown.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "churn/worker.h"

struct junk {
	size_t page, size;
	char *bytes;     /* zeros, then the page that cannot be read */
	char *forbidden; /* that page */
};

static int junk_map(struct junk *j, uint64_t pages)
{
	j->page = (size_t)sysconf(_SC_PAGESIZE);
	j->size = pages * j->page;
	/* Never written: all of it is the kernel's one zero page. */
	j->bytes = mmap(NULL, j->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (j->bytes == MAP_FAILED)
		return -errno;
	j->forbidden = j->bytes + j->size - j->page;
	return mprotect(j->forbidden, j->page, PROT_NONE) < 0 ? -errno : 0;
}

static void junk_unmap(struct junk *j)
{
	if (j->bytes && j->bytes != MAP_FAILED)
		munmap(j->bytes, j->size);
}

/* 0 when the kernel went as far as it should. */
static int junk_load(const struct junk *j, uint64_t pages)
{
	size_t len = pages * j->page;

	if (syscall(SYS_init_module, j->forbidden + j->page - len, len, "") == 0)
		return -ENOTRECOVERABLE; /* cannot be: it would have accepted unreadable bytes */
	return errno == EFAULT ? 0 : -errno;
}

static void read_line(const char *path, char *buf, size_t size)
{
	tn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text += strcspn(text, " "), text += strspn(text, " "))
		if (strncmp(text, word, len) == 0 && (text[len] == '\0' || text[len] == ' '))
			return true;
	return false;
}

/* The mode in force stands in brackets: "none [integrity] confidentiality". */
static void read_lockdown(char *mode, size_t size)
{
	char text[128];
	const char *open;

	mode[0] = '\0';
	read_line("/sys/kernel/security/lockdown", text, sizeof(text));
	open = strchr(text, '[');
	if (!open || strncmp(open, "[none]", 6) == 0)
		return;
	snprintf(mode, size, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
}

static bool is_capable(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &head, data) == 0 &&
	       (data[CAP_TO_INDEX(CAP_SYS_MODULE)].effective & CAP_TO_MASK(CAP_SYS_MODULE));
}

static void read_rights(struct tn_churn_module_rights *r)
{
	char text[4096];

	r->capable = is_capable();
	read_line("/proc/sys/kernel/modules_disabled", text, sizeof(text));
	r->disabled = strcmp(text, "1") == 0;
	read_line("/proc/cmdline", text, sizeof(text));
	r->nomodule = has_word(text, "nomodule");
	read_lockdown(r->lockdown, sizeof(r->lockdown));
}

/**
 * tn_churn_module_refusal() - why init_module() refuses junk before it has done any work
 * @error: negative errno of the call
 * @rights: what this process and this kernel allow
 *
 * nomodule is the same switch as the sysctl (kernel/module/main.c), so that it is looked for first. What
 * is left of EPERM after capability and switch comes from a security module.
 *
 * Return: @error, with the text in @err.
 */
int tn_churn_module_refusal(int error, const struct tn_churn_module_rights *rights, struct tn_error *err)
{
	if (error == -ENOSYS)
		return tn_error_set(err, error,
				    "this kernel has no loadable modules (CONFIG_MODULES is off: init_module gives "
				    "ENOSYS)");
	if (error != -EPERM)
		return tn_error_set(err, error, "init_module() of one page gives: %s", strerror(-error));
	if (rights->nomodule)
		return tn_error_set(err, error,
				    "the kernel was booted with nomodule: remove it from the kernel command line");
	if (rights->disabled)
		return tn_error_set(err, error,
				    "sysctl kernel.modules_disabled is 1: only a reboot turns modules on again");
	if (!rights->capable)
		return tn_error_set(err, error, "needs CAP_SYS_MODULE (run as root)");
	if (rights->lockdown[0])
		return tn_error_set(err, error, "kernel lockdown is in mode '%s': boot with lockdown=none",
				    rights->lockdown);
	return tn_error_set(err, error,
			    "a security module of the kernel forbids init_module() (such as loadpin, or a user "
			    "namespace without rights)");
}

static int junk_check(struct tn_error *err)
{
	struct tn_churn_module_rights rights;
	struct junk j = {0};
	int r = junk_map(&j, 1);

	if (r == 0)
		r = junk_load(&j, 1);
	junk_unmap(&j);
	if (r == 0)
		return 0;
	read_rights(&rights);
	return tn_churn_module_refusal(r, &rights, err);
}

static int junk_setup(struct tn_churn_worker *w, struct tn_error *err)
{
	struct junk *j = calloc(1, sizeof(*j));
	int r = j ? junk_map(j, w->spec->pages_set ? w->spec->pages.max : TN_CHURN_PAGES_MAX) : -ENOMEM;

	if (r < 0) {
		if (j)
			junk_unmap(j);
		free(j);
		return tn_error_set(err, r, "module-junk: cannot map the junk: %s", strerror(-r));
	}
	w->data = j;
	return 0;
}

static int junk_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	uint64_t pages = tn_churn_pages(w);
	int r = junk_load(w->data, pages);

	if (r < 0)
		return tn_error_set(err, r, "init_module() of %llu pages: %s", (unsigned long long)pages, strerror(-r));
	return 0;
}

static void junk_teardown(struct tn_churn_worker *w)
{
	junk_unmap(w->data);
	free(w->data);
	w->data = NULL;
}

const struct tn_churn_source tn_churn_module_junk = {
	.name = "module-junk",
	.summary = "has init_module() refuse junk of the given number of pages",
	.provokes = "kernel-tlb-flush: __purge_vmap_area_lazy on every CPU, once in fls(CPUs) * 32 MiB of junk, sent "
		    "by the worker's CPU",
	.operation = "one init_module() refused",
	.keys = TN_CHURN_KEY_PAGES,
	.check = junk_check,
	.setup = junk_setup,
	.operate = junk_operate,
	.teardown = junk_teardown,
};
