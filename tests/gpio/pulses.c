/*
 * pulses WIDTH_US GAP_US BITS DATA0 DATA1: sends a Wiegand frame by the `pull` files of two lines of gpio-sim: a low pulse on the first for
 * each 0, on the second for each 1. Runs before ordinary programs and after the interrupt threads, as hardware would be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void rest(long us) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += us * 1000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void pull(int fd, const char *way, size_t length) {
  if (pwrite(fd, way, length, 0) < 0) perror("pull");
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  long width = atol(argv[1]), gap = atol(argv[2]);
  int data[2] = {open(argv[4], O_WRONLY), open(argv[5], O_WRONLY)};
  struct sched_param priority = {.sched_priority = 10};
  if (data[0] < 0 || data[1] < 0) return 3;
  sched_setscheduler(0, SCHED_FIFO, &priority);
  for (const char *bit = argv[3]; *bit; bit++) {
    int line = data[*bit == '1'];
    pull(line, "pull-down", 9);
    rest(width);
    pull(line, "pull-up", 7);
    rest(gap);
  }
  return 0;
}
