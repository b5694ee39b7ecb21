// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another host: the Varlink connection through ssh, with "tlbnoise bridge" at its other end. Who may do what there
 * is decided there, by the user that ssh logs in as. A verb that needs no service is run over there as it is.
 * $TLBNOISE_SSH names another program that takes ssh's arguments.
 */
#include <errno.h>
#include <fcntl.h>
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

/*
 * Ctrl-C on the terminal is for this program, which asks for an orderly end through the connection; ssh inherits that
 * it is ignored. What comes meanwhile is blocked here, since the kernel drops only what is ignored and not blocked.
 */
static int spawn_deaf(pid_t *ret, const char *program, const posix_spawn_file_actions_t *files, char *const argv[])
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	sigset_t set, mask;
	posix_spawnattr_t attr;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &mask);
	sigaction(SIGINT, &ignore, &before);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &mask);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawnp(ret, program, files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	sigaction(SIGINT, &before, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
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

/* How ssh ended: the status of what ran over there, or -ECONNRESET. */
static int wait_for_ssh(pid_t pid, struct tn_error *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	if (WIFSIGNALED(status))
		return tn_error_set(err, -ECONNRESET, "ssh was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return tn_error_set(err, -ECONNRESET, "there is no tlbnoise in the path over there, or no ssh here");
	if (WEXITSTATUS(status) == 255)
		return tn_error_set(err, -ECONNRESET, "ssh could not connect, or lost the connection");
	return WEXITSTATUS(status);
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
	int r = wait_for_ssh(pid, err);

	return r <= 0 ? r
		      : tn_error_set(err, -ECONNRESET,
				     "'tlbnoise bridge' over there ended with status %d; its message is above", r);
}

/* For the shell over there: nothing means anything between single quotes but the quote. */
static char *quote(const char *word)
{
	tn_autofree char *quoted = malloc(4 * strlen(word) + 3);
	char *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '\'';
	for (; *word; word++)
		to = *word == '\'' ? stpcpy(to, "'\\''") : stpncpy(to, word, 1);
	*to++ = '\'';
	*to = '\0';
	return tn_steal_ptr(quoted);
}

/* Its output is ours. It reads nothing. */
static int spawn_verb(pid_t *ret, const char *host, const char *command, struct tn_error *err)
{
	char *argv[] = {"ssh", "--", (char *)(uintptr_t)host, (char *)(uintptr_t)command, NULL};
	const char *program = getenv("TLBNOISE_SSH");
	posix_spawn_file_actions_t files;
	int r;

	program = program && *program ? program : "ssh";
	fflush(stdout);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	r = -posix_spawnp(ret, program, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return r < 0 ? tn_error_set(err, r, "cannot start %s: %s", program, strerror(-r)) : 0;
}

/**
 * cli_remote_verb() - run a verb of another host's tlbnoise, its output ours
 * @host: as ssh takes it
 * @words: the verb and its arguments, ends with NULL; any text, each is quoted
 * @err: message, without the host
 *
 * For verbs that need no service, whose connection would be the better way.
 *
 * Return: its exit status, CLI_FINE or CLI_REGRESSION; or a negative errno.
 */
int cli_remote_verb(const char *host, const char *const *words, struct tn_error *err)
{
	tn_autofree char *command = strdup("tlbnoise");
	pid_t pid;
	int r = check_words(host, NULL, err);

	for (size_t i = 0; command && words[i]; i++) {
		tn_autofree char *quoted = quote(words[i]);
		char *longer = NULL;

		if (!quoted || asprintf(&longer, "%s %s", command, quoted) < 0)
			longer = NULL;
		free(command);
		command = longer;
	}
	if (!command)
		return tn_error_set(err, -ENOMEM, "no memory for the command");
	if (r == 0)
		r = spawn_verb(&pid, host, command, err);
	if (r == 0)
		r = wait_for_ssh(pid, err);
	return r <= CLI_REGRESSION ? r
				   : tn_error_set(err, -ECONNRESET,
						  "'tlbnoise %s' over there ended with status %d; its message is above",
						  words[0], r);
}
