// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tlbnoised: owns runs. One thread, one event loop, two ways of life: a service on a socket (its own or
 * systemd's), or private to one client on inherited socket pairs, with the very same code behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "system/paths.h"
#include "tn-config.h"
#include "varlink/interface.h"

#define CONNECTIONS_MAX 128

static const char usage[] =
	"Usage: tlbnoised [--socket PATH]\n"
	"Owns the runs of tlbnoise(1). Normally started by systemd, or by tlbnoise itself.\n"
	"\n"
	"  --socket PATH   listen here instead of /run/tlbnoise/io.tlbnoise\n"
	"  --private FD    serve the client on this connected socket, and end with it\n"
	"  --control FD    the client's second connection, for calls while the first one waits for a run\n"
	"  --help          this text\n"
	"  --version       the version\n";

struct options {
	const char *socket;
	int private_fd[2];
	unsigned int n_private;
};

static void sink(void *userdata, int priority, const char *text)
{
	struct daemon *d = userdata;

	if (priority <= d->log_level)
		fprintf(stderr, "%s%s\n",
			d->private                ? "tlbnoised: "
			: priority <= LOG_WARNING ? SD_WARNING
						  : SD_INFO,
			text);
}

/* What recovery says is kept for status and documents, beside being logged. */
static void recovery_sink(void *userdata, int priority, const char *text)
{
	struct daemon *d = userdata;

	sink(d, priority, text);
	if (priority <= LOG_NOTICE && d->n_recovered < DAEMON_RECOVERED_MAX)
		d->recovered[d->n_recovered++] = strdup(text);
}

static int complain(const char *text)
{
	fprintf(stderr, "tlbnoised: %s\n", text);
	return 2;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"socket", required_argument, NULL, 's'},  {"control", required_argument, NULL, 'p'},
		{"private", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0},
	};
	struct tn_error err = {0};
	uint64_t fd;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		switch (c) {
		case 's':
			o->socket = optarg;
			break;
		case 'p':
			if (tn_parse_u64(optarg, 3, 65535, &fd, &err) < 0 || o->n_private == 2 ||
			    fcntl((int)fd, F_GETFD) < 0)
				return complain("--private: give at most two open descriptors above 2");
			o->private_fd[o->n_private++] = (int)fd;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		case 'v':
			puts("tlbnoised " TN_VERSION);
			return -1;
		default:
			return 2;
		}
	}
	if (optind < argc)
		return complain("takes no arguments, only options: see --help");
	return 0;
}

/* Who may not call anything shall not even connect. Somebody else's socket has nobody's group but his own. */
static int give_to_readers(const struct daemon *d, const char *path, struct tn_error *err)
{
	const struct config_group *g = &d->config.readers;

	if (geteuid() != 0 || !g->set || lchown(path, 0, g->gid) == 0)
		return 0;
	return tn_error_set(err, -errno, "cannot give %s to the group %s: %s", path, g->name, strerror(errno));
}

/* A socket file that nobody answers on is a dead daemon's. */
static int bind_socket(const char *path, struct tn_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	tn_autoclose int fd = -1;
	struct stat st;
	int r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return tn_error_set(err, -ENAMETOOLONG, "%s: too long for a socket: at most %zu characters", path,
				    sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tn_error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return tn_error_set(err, -EADDRINUSE, "%s: another daemon serves here", path);
	if (errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0660) < 0 || listen(fd, 64) < 0) {
		r = -errno;
		return tn_error_set(err, r, "cannot listen on %s: %s", path, strerror(-r));
	}
	return tn_steal_fd(&fd);
}

static int open_service(struct daemon *d, const struct options *o, char *own_path, size_t size, struct tn_error *err)
{
	int n = sd_listen_fds(1), fd, r;

	if (n > 1)
		return tn_error_set(err, -EINVAL, "systemd passed %d sockets: the unit should have one", n);
	if (n == 1)
		return tn_varlink_server_listen_fd(d->server, SD_LISTEN_FDS_START, err);
	if (o->socket)
		snprintf(own_path, size, "%s", o->socket);
	else
		tn_path_socket(own_path, size);
	fd = bind_socket(own_path, err);
	if (fd < 0) {
		*own_path = '\0';
		return fd;
	}
	r = give_to_readers(d, own_path, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return tn_varlink_server_listen_fd(d->server, fd, err);
}

static int open_server(struct daemon *d, const struct options *o, char *own_path, size_t size, struct tn_error *err)
{
	struct tn_varlink_options opt = {
		.vendor = "tlbnoise",
		.product = "tlbnoised",
		.version = TN_VERSION,
		.url = "",
		.interface = TN_INTERFACE,
		.description = tn_interface_description,
		.methods = daemon_methods,
		.max_connections = CONNECTIONS_MAX,
		.log = &d->log,
		.userdata = d,
		.on_disconnect = daemon_disconnected,
		.allow = daemon_allow,
	};
	int r = tn_varlink_server_new(d->event, &opt, &d->server, err);

	if (r < 0)
		return r;
	if (!d->private)
		return open_service(d, o, own_path, size, err);
	for (unsigned int i = 0; i < o->n_private; i++) {
		r = tn_varlink_server_add_fd(d->server, o->private_fd[i], err);
		if (r < 0)
			return r;
		d->n_private++;
	}
	return 0;
}

/* First signal: end the run in progress and leave with its result kept. Second: leave now. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;

	(void)source;
	(void)si;
	if (!d->run || d->leaving)
		return sd_event_exit(d->event, 0);
	d->leaving = true;
	run_stop(d->run);
	return 0;
}

static int watch_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_add_signal(d->event, NULL, SIGTERM, on_signal, d) < 0)
		return -EIO;
	/* Ctrl-C on a terminal is for the client, which asks us to stop. */
	return d->private ? 0 : sd_event_add_signal(d->event, NULL, SIGINT, on_signal, d);
}

/* A private daemon is its client's: the machine's configuration is for the service. */
static int configure(struct daemon *d, struct tn_error *err)
{
	int r = d->private ? config_defaults(&d->config, err) : config_load("", &d->config, err);

	if (r == 0 && !d->private)
		d->log_level = d->config.log_level;
	return r;
}

static int serve(struct daemon *d, const struct options *o, struct tn_error *err)
{
	struct tn_log recovery = {.sink = recovery_sink, .userdata = d};
	char own_path[256] = "";
	int r;

	r = configure(d, err);
	if (r < 0)
		return r;
	r = tn_path_state_dir(d->state_dir, sizeof(d->state_dir), err);
	if (r < 0)
		return r;
	r = tn_undo_recover(d->state_dir, &recovery, err);
	if (r < 0)
		return r;
	results_recover(&d->config, &recovery);
	if (sd_event_default(&d->event) < 0 || watch_signals(d) < 0)
		return tn_error_set(err, -EIO, "cannot set up the event loop");
	r = open_server(d, o, own_path, sizeof(own_path), err);
	if (r < 0)
		return r;
	sd_event_set_watchdog(d->event, true);
	sd_notify(0, "READY=1\nSTATUS=idle");
	r = sd_event_loop(d->event);
	sd_notify(0, "STOPPING=1");
	if (*own_path)
		unlink(own_path);
	return r < 0 ? tn_error_set(err, r, "event loop: %s", strerror(-r)) : 0;
}

static void release(struct daemon *d)
{
	daemon_unwatch(d, NULL);
	sd_event_source_disable_unref(d->progress);
	sd_event_source_disable_unref(d->reaper);
	run_free(d->run);
	if (d->server)
		tn_varlink_server_free(d->server);
	for (size_t i = 0; i < d->n_recovered; i++)
		free(d->recovered[i]);
	sd_event_unref(d->event);
}

int main(int argc, char **argv)
{
	struct daemon d = {.log_level = LOG_INFO};
	struct options o = {0};
	struct tn_error err = {0};
	int r;

	r = parse_options(argc, argv, &o);
	if (r)
		return r < 0 ? 0 : r;
	d.private = o.n_private > 0;
	d.log_level = d.private ? LOG_NOTICE : LOG_INFO;
	d.log = (struct tn_log){.sink = sink, .userdata = &d};
	r = serve(&d, &o, &err);
	release(&d);
	return r < 0 ? complain(err.text) : 0;
}
