// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way to a daemon: that of another host through ssh, the service when its socket answers, otherwise a private
 * tlbnoised over socket pairs, after which nothing differs. A connection handles one call at a time, so stopping a run
 * takes a second connection. The private daemon gets a session of its own: ctrl-C reaches this program only, which then
 * asks for an orderly end. It ends when its sockets close, however this program dies.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "system/paths.h"

#define PRIVATE_END_MS 10000
#define TOO_LONG       "the path of a socket has at most 107 characters"

static int connect_socket(const char *path, int *ret_fd, struct tn_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	tn_autoclose int fd = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		return tn_error_set(err, -ENAMETOOLONG, "%s: " TOO_LONG, path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int code = -errno;

		if (code == -EACCES)
			return tn_error_set(err, code,
					    "%s: no permission to talk to the service: use sudo, or become a member of "
					    "the group of this socket",
					    path);
		return tn_error_set(err, code, "no service answers on %s (%s)", path, strerror(-code));
	}
	*ret_fd = tn_steal_fd(&fd);
	return 0;
}

/* *@ret_named: the user named the socket, so that nothing else will do. */
static int socket_path(const struct cli *cli, struct cli_link *link, bool *ret_named, struct tn_error *err)
{
	const char *env = getenv("TLBNOISE_SOCKET");

	*ret_named = cli->args.socket || (env && *env) || link->host;
	if (!cli->args.socket && link->host)
		return 0; /* the usual one over there */
	if (!cli->args.socket) {
		if (tn_path_socket(link->path, sizeof(link->path)) < 0)
			return tn_error_set(err, -ENAMETOOLONG, "TLBNOISE_SOCKET: " TOO_LONG);
		return 0;
	}
	if ((size_t)snprintf(link->path, sizeof(link->path), "%s", cli->args.socket) >= sizeof(link->path))
		return tn_error_set(err, -ENAMETOOLONG, "--socket: " TOO_LONG);
	return 0;
}

static int link_path(struct cli_link *link, struct tn_error *err)
{
	int fd, r;

	if (link->host)
		r = cli_remote_open(link->host, *link->path ? link->path : NULL, &fd, &link->ssh, err);
	else
		r = connect_socket(link->path, &fd, err);
	if (r < 0)
		return r;
	link->fd = fd;
	return tn_varlink_client_fd(fd, &link->client, err);
}

/**
 * cli_link_says() - name the host in a message about it
 * @link: the link
 * @code: what a call returned
 * @err: its message, when @code is negative
 *
 * Return: @code.
 */
int cli_link_says(const struct cli_link *link, int code, struct tn_error *err)
{
	return code < 0 && link->host ? tn_error_prefix(err, code, "%s", link->host) : code;
}

/* The only host, for verbs that take one. */
static int choose_host(const struct cli *cli, struct cli_link *link, struct tn_error *err)
{
	if (cli->args.n_remote > 1)
		return tn_error_set(err, -EINVAL, "%s: give one --host; run and status take several", cli->verb->name);
	link->host = cli->args.remote[0];
	return 0;
}

/**
 * cli_link_host() - connect to the service of a host
 * @cli: --socket
 * @host: which, NULL: this one
 * @ret: the link, for cli_link_close()
 * @err: message, which names the host
 *
 * Return: 0 or a negative errno.
 */
int cli_link_host(const struct cli *cli, const char *host, struct cli_link *ret, struct tn_error *err)
{
	struct cli_link link = {.fd = -1, .host = host};
	bool named;
	int r = socket_path(cli, &link, &named, err);

	if (r == 0)
		r = link_path(&link, err);
	if ((r == -ENOENT || r == -ECONNREFUSED) && !named)
		return tn_error_set(err, r,
				    "no service runs (%s does not answer); 'tlbnoise run' starts a private daemon",
				    link.path);
	if (r == 0)
		*ret = link;
	return cli_link_says(&link, r, err);
}

/**
 * cli_link_service() - connect to the service
 * @cli: --socket, --host
 * @ret: the link, for cli_link_close()
 * @err: message
 *
 * Return: 0, or a negative errno: no service is an error here.
 */
int cli_link_service(const struct cli *cli, struct cli_link *ret, struct tn_error *err)
{
	struct cli_link link = {.fd = -1};
	int r = choose_host(cli, &link, err);

	return r < 0 ? r : cli_link_host(cli, link.host, ret, err);
}

static int spawn_daemon(const char *program, int call, int control, pid_t *ret, struct tn_error *err)
{
	char call_text[16], control_text[16];
	char *argv[] = {"tlbnoised", "--private", call_text, "--control", control_text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, pipe_only;
	int r;

	snprintf(call_text, sizeof(call_text), "%d", call);
	snprintf(control_text, sizeof(control_text), "%d", control);
	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	/* stdout is for the document alone: whatever the daemon prints belongs to stderr */
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	/* onto themselves: that takes close-on-exec away in the child only */
	posix_spawn_file_actions_adddup2(&actions, call, call);
	posix_spawn_file_actions_adddup2(&actions, control, control);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_only);
	r = posix_spawn(ret, program, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return tn_error_set(err, -r, "cannot start the private daemon %s: %s", program, strerror(r));
	return 0;
}

static int link_private(struct cli_link *link, struct tn_error *err)
{
	int call[2], control[2], r;
	char program[512];

	r = tn_path_helper("tlbnoised", program, sizeof(program), err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, call) < 0)
		return tn_error_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0) {
		r = tn_error_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
		close(call[0]);
		close(call[1]);
		return r;
	}
	r = spawn_daemon(program, call[1], control[1], &link->daemon, err);
	close(call[1]);
	close(control[1]);
	if (r < 0) {
		close(call[0]);
		close(control[0]);
		return r;
	}
	link->fd = call[0];
	r = tn_varlink_client_fd(call[0], &link->client, err);
	if (r < 0)
		close(control[0]);
	else
		r = tn_varlink_client_fd(control[0], &link->control, err);
	return r;
}

/**
 * cli_link_any() - connect to the service, or start a private daemon
 * @cli: --socket
 * @ret: the link, for cli_link_close()
 * @err: message
 *
 * A socket that the user named must answer. With the default one, only its absence leads to a private
 * daemon: a service that may not be used is told.
 *
 * Return: 0 or a negative errno.
 */
int cli_link_any(const struct cli *cli, struct cli_link *ret, struct tn_error *err)
{
	struct cli_link link = {.fd = -1};
	bool named;
	int r = choose_host(cli, &link, err);

	if (r == 0)
		r = socket_path(cli, &link, &named, err);
	if (r < 0)
		return r;
	r = cli_link_says(&link, link_path(&link, err), err);
	if ((r == -ENOENT || r == -ECONNREFUSED) && !named) {
		link.path[0] = '\0';
		r = link_private(&link, err);
	}
	if (r < 0)
		cli_link_close(&link);
	else
		*ret = link;
	return r;
}

/**
 * cli_link_control() - make sure that there is a second connection
 * @link: the link
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_link_control(struct cli_link *link, struct tn_error *err)
{
	int fd, r;

	if (link->control)
		return 0;
	if (link->host)
		r = cli_remote_open(link->host, *link->path ? link->path : NULL, &fd, &link->control_ssh, err);
	else
		r = connect_socket(link->path, &fd, err);
	return r < 0 ? r : tn_varlink_client_fd(fd, &link->control, err);
}

/* Waits for the private daemon's end. Returns whether it ended. */
static bool wait_daemon(struct cli_link *link, int *ret_status)
{
	tn_autoclose int pidfd = pidfd_open(link->daemon, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0 || poll(&p, 1, PRIVATE_END_MS) != 1)
		return false;
	if (waitpid(link->daemon, ret_status, 0) != link->daemon)
		return false;
	link->daemon = 0;
	return true;
}

/**
 * cli_link_broken() - a call failed: when the daemon has gone, say what became of it
 * @link: the link
 * @code: what the call returned
 * @err: holds that call's message; gets the daemon's fate when there is one to tell
 *
 * Return: @code.
 */
int cli_link_broken(struct cli_link *link, int code, struct tn_error *err)
{
	int status;

	if (code != -ECONNRESET && code != -EPIPE)
		return code;
	if (link->ssh) {
		tn_varlink_client_free(tn_steal_ptr(link->client));
		cli_remote_end(link->ssh, err);
		link->ssh = 0;
		return code;
	}
	if (!link->daemon)
		return tn_error_set(err, code, "the service on %s went away; 'tlbnoise status' tells when it is back",
				    link->path);
	tn_varlink_client_free(link->client);
	link->client = NULL;
	if (!wait_daemon(link, &status))
		return tn_error_prefix(err, code, "the private daemon (PID %d)", (int)link->daemon);
	if (WIFSIGNALED(status))
		return tn_error_set(
			err, code,
			"the private daemon was killed by signal %d (%s); the next run cleans up what it left",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return tn_error_set(err, code, "the private daemon ended with status %d before the run did; see its messages",
			    WEXITSTATUS(status));
}

/**
 * cli_link_close() - close the connections
 * @link: the link
 *
 * A private daemon is waited for: when tlbnoise ends, the machine is as it was before.
 */
void cli_link_close(struct cli_link *link)
{
	int status;

	if (link->client)
		tn_varlink_client_free(link->client);
	if (link->control)
		tn_varlink_client_free(link->control);
	if (link->daemon && !link->leave && !wait_daemon(link, &status))
		fprintf(stderr, "tlbnoise: the private daemon (PID %d) has not ended yet\n", (int)link->daemon);
	if (link->ssh)
		cli_remote_end(link->ssh, NULL);
	if (link->control_ssh)
		cli_remote_end(link->control_ssh, NULL);
	*link = (struct cli_link){.fd = -1};
}
