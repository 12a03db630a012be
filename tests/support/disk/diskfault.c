/*
 * A disk that fails, under a process: LD_PRELOAD of a library between SQLite and the system. No root is needed.
 *
 * Files whose path begins with GATELODGE_DISK_PREFIX are watched (but for -shm files, which are rebuilt). How the disk behaves stands in
 * a small file, GATELODGE_DISK_CONTROL, that both sides have mapped, so that a test can change it while the process runs.
 *
 * A power cut is modelled by an undo log: the old content of each 512-byte sector that is overwritten is kept until the file is synced. At
 * the cut (the k-th write) what was not synced is undone, wholly (drop) or for a random half of the sectors (tear), and the process dies.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECTOR 512
#define FILES 64
#define FDS 4096

enum { PLAIN = 0, DROP = 1, TEAR = 2, LIE = 3 };

/* The layout is known to diskfault.ts as well. */
struct control {
  volatile uint64_t stall_ms, write_errno, sync_errno, cut_at_write, mode, seed, fail_from_write, unused;
  volatile uint64_t writes, bytes, fsyncs, fdatasyncs, truncates, cut, undone, kept;
};

struct undo { uint64_t sector; uint32_t length; struct undo *next; unsigned char old[SECTOR]; };
struct file { char path[512]; int used; off_t synced_size; size_t buckets; struct undo **table; };

static struct control *control;
static const char *prefix;
static struct file files[FILES];
static int file_of[FDS]; /* index + 1 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t), (*real_close)(int);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_close = dlsym(RTLD_NEXT, "close");
  const char *path = getenv("GATELODGE_DISK_CONTROL");
  const char *wanted = getenv("GATELODGE_DISK_PREFIX");
  if (!path || !wanted) return;
  int fd = real_open(path, O_RDWR);
  if (fd < 0) return;
  void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  real_close(fd);
  if (map == MAP_FAILED) return;
  control = map;
  prefix = wanted;
}

static int ends(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static void watch(int fd, const char *path, int flags) {
  if (!control || fd < 0 || fd >= FDS || strncmp(path, prefix, strlen(prefix)) != 0) return;
  if (ends(path, "-shm") || (flags & O_DIRECTORY)) return;
  pthread_mutex_lock(&lock);
  int free_slot = -1;
  for (int i = 0; i < FILES; i++) {
    if (files[i].used && strcmp(files[i].path, path) == 0) { file_of[fd] = i + 1; pthread_mutex_unlock(&lock); return; }
    if (!files[i].used && free_slot < 0) free_slot = i;
  }
  if (free_slot >= 0) {
    struct file *f = &files[free_slot];
    struct stat st;
    f->used = 1;
    snprintf(f->path, sizeof f->path, "%s", path);
    f->synced_size = fstat(fd, &st) == 0 ? st.st_size : 0;
    f->buckets = 65536;
    f->table = calloc(f->buckets, sizeof *f->table);
    file_of[fd] = free_slot + 1;
  }
  pthread_mutex_unlock(&lock);
}

static struct file *watched(int fd) { return control && fd >= 0 && fd < FDS && file_of[fd] ? &files[file_of[fd] - 1] : NULL; }

/* Keeps the old content of a sector, once between two syncs. */
static void remember(int fd, struct file *f, uint64_t sector) {
  struct undo **at = &f->table[sector % f->buckets];
  for (struct undo *u = *at; u; u = u->next) if (u->sector == sector) return;
  struct undo *u = malloc(sizeof *u);
  u->sector = sector;
  memset(u->old, 0, SECTOR);
  ssize_t n = pread(fd, u->old, SECTOR, sector * SECTOR);
  u->length = n > 0 ? n : 0;
  u->next = *at;
  *at = u;
}

static void remember_range(int fd, struct file *f, off_t from, off_t to) {
  if (control->mode == PLAIN) return;
  for (uint64_t s = from / SECTOR; (off_t)(s * SECTOR) < to; s++) remember(fd, f, s);
}

static void forget(struct file *f) {
  for (size_t i = 0; i < f->buckets; i++) {
    for (struct undo *u = f->table[i], *next; u; u = next) { next = u->next; free(u); }
    f->table[i] = NULL;
  }
}

static uint64_t random_state;
static int coin(void) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (random_state >> 33) & 1;
}

/* The power goes: what was not synced is undone, then the process is no more. */
static void cut(void) {
  random_state = control->seed * 2654435761u + 1;
  for (int i = 0; i < FILES; i++) {
    struct file *f = &files[i];
    if (!f->used) continue;
    int fd = real_open(f->path, O_RDWR);
    if (fd < 0) continue;
    off_t size = f->synced_size;
    for (size_t b = 0; b < f->buckets; b++) {
      for (struct undo *u = f->table[b]; u; u = u->next) {
        off_t end = u->sector * SECTOR + SECTOR;
        if (control->mode == TEAR && coin()) {
          struct stat st;
          fstat(fd, &st);
          if (end > st.st_size) end = st.st_size;
          if (end > size) size = end;
          control->kept++;
          continue;
        }
        real_pwrite(fd, u->old, SECTOR, u->sector * SECTOR);
        control->undone++;
      }
    }
    real_ftruncate(fd, size);
    real_close(fd);
  }
  control->cut = 1;
  _exit(137);
}

/* Counts a write, and lets it fail or be the last. */
static int before_write(size_t n) {
  control->writes++;
  control->bytes += n;
  if (control->cut_at_write && control->writes >= control->cut_at_write) cut();
  if (control->write_errno && control->writes >= control->fail_from_write) { errno = control->write_errno; return -1; }
  return 0;
}

static ssize_t watched_pwrite(int fd, const void *data, size_t n, off_t at) {
  struct file *f = watched(fd);
  if (!f) return real_pwrite(fd, data, n, at);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (before_write(n) == 0) {
    remember_range(fd, f, at, at + n);
    done = real_pwrite(fd, data, n, at);
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return watched_pwrite(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { return watched_pwrite(fd, data, n, at); }

ssize_t write(int fd, const void *data, size_t n) {
  if (!watched(fd)) return real_write ? real_write(fd, data, n) : -1;
  off_t at = lseek(fd, 0, SEEK_CUR);
  ssize_t done = watched_pwrite(fd, data, n, at);
  if (done > 0) lseek(fd, at + done, SEEK_SET);
  return done;
}

static int synced(int fd, int (*real)(int), volatile uint64_t *counter) {
  struct file *f = watched(fd);
  if (!f) return real(fd);
  uint64_t ms = control->stall_ms;
  if (ms) { struct timespec t = {ms / 1000, (ms % 1000) * 1000000L}; nanosleep(&t, NULL); }
  pthread_mutex_lock(&lock);
  int result = 0;
  ++*counter;
  if (control->sync_errno) { errno = control->sync_errno; result = -1; }
  else if (control->mode == PLAIN) result = real(fd);
  else if (control->mode != LIE) {
    struct stat st;
    forget(f);
    if (fstat(fd, &st) == 0) f->synced_size = st.st_size;
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}

int fsync(int fd) { return synced(fd, real_fsync, control ? &control->fsyncs : NULL); }
int fdatasync(int fd) { return synced(fd, real_fdatasync, control ? &control->fdatasyncs : NULL); }

static int watched_truncate(int fd, off_t size) {
  struct file *f = watched(fd);
  if (!f) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (control->write_errno && control->writes >= control->fail_from_write) errno = control->write_errno;
  else {
    struct stat st;
    if (fstat(fd, &st) == 0 && size < st.st_size) remember_range(fd, f, size, st.st_size);
    control->truncates++;
    result = real_ftruncate(fd, size);
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}
int ftruncate(int fd, off_t size) { return watched_truncate(fd, size); }
int ftruncate64(int fd, off64_t size) { return watched_truncate(fd, size); }

#define OPEN(name)                                                         \
  int name(const char *path, int flags, ...) {                             \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                          \
    if (!real_open) real_open = dlsym(RTLD_NEXT, "open");                  \
    int fd = real_open(path, flags, mode);                                 \
    watch(fd, path, flags);                                                \
    return fd;                                                             \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (control && fd >= 0 && fd < FDS) file_of[fd] = 0;
  return real_close ? real_close(fd) : -1;
}
