// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A terminal as a screen to draw on: keys without Enter, no cursor, and the terminal's other page, so that what stood
 * there comes back. It is given back on every way out: screen_close(), a signal that ends the program, and Ctrl-Z,
 * after which it is taken again. Only SIGKILL leaves it, since nothing can be done then; reset(1) helps.
 *
 * A signal handler can reach nothing but what is static: there is one terminal, so there is one screen.
 */
#include "cli/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ENTER "\033[?1049h\033[?25l\033[H\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

static struct termios saved;
static volatile sig_atomic_t open_now, keyboard, changed;

static void put(const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, text, n);

		if (done <= 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

/* These two are called by signal handlers: what they call is in signal-safety(7). */
static void enter(void)
{
	struct termios raw = saved;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put(ENTER, strlen(ENTER));
	open_now = 1;
}

static void leave(void)
{
	if (!open_now)
		return;
	open_now = 0;
	put(LEAVE, strlen(LEAVE));
	if (keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

/* Installed with SA_RESETHAND: the second time the signal does what it always does. */
static void on_end(int sig)
{
	leave();
	raise(sig);
}

static void on_size(int sig)
{
	(void)sig;
	changed = 1;
}

static void on_stop(int sig)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, old;
	sigset_t only, before;

	leave();
	sigaction(sig, &stop, &old);
	sigemptyset(&only);
	sigaddset(&only, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &only, &before); /* here it stops, and goes on after SIGCONT */
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(sig, &old, NULL);
	enter();
	changed = 1;
}

static void catch (int sig, void (*handler)(int), int flags)
{
	struct sigaction old, act = {.sa_handler = handler, .sa_flags = flags};

	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

/**
 * screen_possible() - can standard output be drawn on
 *
 * Return: whether it is a terminal that moves its cursor.
 */
bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/** screen_open() - take the terminal; once in a program, after cli_interrupt_catch() */
void screen_open(void)
{
	static const int ends[] = {SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};

	keyboard = tcgetattr(STDIN_FILENO, &saved) == 0;
	for (size_t i = 0; i < TN_ARRAY_SIZE(ends); i++)
		catch (ends[i], on_end, (int)SA_RESETHAND);
	catch (SIGWINCH, on_size, 0);
	catch (SIGTSTP, on_stop, 0);
	enter();
}

/** screen_close() - give it back */
void screen_close(void)
{
	leave();
}

/**
 * screen_keyboard() - are there keys to wait for
 *
 * Return: whether standard input is a terminal, too.
 */
bool screen_keyboard(void)
{
	return keyboard;
}

/**
 * screen_has_changed() - whether all must be drawn anew
 *
 * Return: whether the size has changed, or the program was stopped, since screen_changed() was last called.
 */
bool screen_has_changed(void)
{
	return changed;
}

/**
 * screen_changed() - must all be drawn anew
 *
 * Return: whether the size has changed, or the program was stopped, since it was last asked.
 */
bool screen_changed(void)
{
	bool was = changed;

	changed = 0;
	return was;
}
