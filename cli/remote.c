// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another host: the Varlink connection through ssh, with "tlbnoise bridge" at its other end. Who may do what there
 * is decided there, by the user that ssh logs in as. $TLBNOISE_SSH names another program that takes ssh's arguments.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

#define SAFE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:"

/* ssh hands its words to a shell over there, and takes what begins with '-' for an option of its own. */
static int check_words(const char *host, const char *socket, struct tn_error *err)
{
	if (host[0] == '-' || strspn(host, SAFE "[]%") != strlen(host))
		return tn_error_set(err, -EINVAL, "--host %s: not the name of a host", host);
	if (socket && strspn(socket, SAFE) != strlen(socket))
		return tn_error_set(err, -EINVAL,
				    "--socket %s: with --host, only letters, digits and /._-+@: may occur in it",
				    socket);
	return 0;
}

/* Ctrl-C on the terminal is for this program, which asks for an orderly end through the connection. */
static int spawn_deaf(pid_t *ret, const char *program, const posix_spawn_file_actions_t *files, char *const argv[])
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int r;

	sigaction(SIGINT, &ignore, &before);
	r = posix_spawnp(ret, program, files, NULL, argv, environ);
	sigaction(SIGINT, &before, NULL);
	return -r;
}

/**
 * cli_remote_open() - connect to the service of a host
 * @host: as ssh takes it
 * @socket: of the service over there, NULL: its usual one
 * @ret_fd: the connection
 * @ret_pid: ssh, for cli_remote_end()
 * @err: message
 *
 * That ssh could be started says nothing yet about the host.
 *
 * Return: 0 or a negative errno.
 */
int cli_remote_open(const char *host, const char *socket, int *ret_fd, pid_t *ret_pid, struct tn_error *err)
{
	const char *program = getenv("TLBNOISE_SSH");
	char *argv[] = {"ssh",
			"--",
			(char *)(uintptr_t)host,
			"tlbnoise",
			"bridge",
			socket ? "--socket" : NULL,
			(char *)(uintptr_t)socket,
			NULL};
	posix_spawn_file_actions_t files;
	int pair[2], r = check_words(host, socket, err);

	if (r < 0)
		return r;
	program = program && *program ? program : "ssh";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return tn_error_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, pair[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, pair[1], STDOUT_FILENO);
	r = spawn_deaf(ret_pid, program, &files, argv);
	posix_spawn_file_actions_destroy(&files);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return tn_error_set(err, r, "cannot start %s: %s", program, strerror(-r));
	}
	*ret_fd = pair[0];
	return 0;
}

/**
 * cli_remote_end() - wait for ssh, whose connection is closed
 * @pid: from cli_remote_open()
 * @err: why it ended, when it did not end well
 *
 * Return: 0 or -ECONNRESET.
 */
int cli_remote_end(pid_t pid, struct tn_error *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	if (WIFSIGNALED(status))
		return tn_error_set(err, -ECONNRESET, "ssh was killed by signal %d", WTERMSIG(status));
	switch (WEXITSTATUS(status)) {
	case 0:
		return 0;
	case 127:
		return tn_error_set(err, -ECONNRESET, "there is no tlbnoise in the path over there, or no ssh here");
	case 255:
		return tn_error_set(err, -ECONNRESET, "ssh could not connect, or lost the connection");
	default:
		return tn_error_set(err, -ECONNRESET,
				    "'tlbnoise bridge' over there ended with status %d; its message is above",
				    WEXITSTATUS(status));
	}
}
