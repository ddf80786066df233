/*
 * progress.c - one line on a terminal while something takes long.
 *
 *     verify: 12 of 53 layers  22 %
 *
 * Nothing is shown in the first half second, nor where stderr is no terminal.
 */
#include "base/base.h"

#include <time.h>
#include <unistd.h>

#define QUIET    500 /* milliseconds before the first line */
#define INTERVAL 100 /* milliseconds between two lines */

static struct {
    bool running, shown;
    int64_t due; /* when to print next */
} progress;

static int64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_show(const char *what, int64_t done, int64_t total)
{
    int64_t now = milliseconds();

    if (!progress.running) {
        progress.running = true;
        progress.due = now + QUIET;
    }
    if (now < progress.due || !isatty(STDERR_FILENO))
        return;
    progress.due = now + INTERVAL;
    progress.shown = true;
    fprintf(stderr, "\r%s: %lld", what, (long long)done);
    if (total > 0)
        fprintf(stderr, " of %lld  %.0f %%", (long long)total,
                100.0 * (double)done / (double)total);
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_end(void)
{
    if (progress.shown)
        fputs("\r\033[K", stderr);
    progress.running = progress.shown = false;
}
