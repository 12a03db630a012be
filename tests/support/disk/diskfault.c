/*
 * A disk that fails, under a process: LD_PRELOAD of a library between SQLite and the system. No root is needed.
 *
 * Files whose path begins with GATELODGE_DISK_PREFIX are watched (but for -shm files, which are rebuilt). How the disk behaves stands in
 * a small file, GATELODGE_DISK_CONTROL, that both sides have mapped, so that a test can change it while the process runs.
 *
 * A power cut is modelled by undo logs: the old content of each 512-byte sector that is overwritten is kept until the file is synced, and
 * what was made, renamed or removed in the folder until the folder is synced (a hard link keeps what was removed). At the cut (the k-th
 * step: write, truncation, sync, rename or removal) what was not synced is undone, wholly (drop), or for a random half of the sectors and from
 * a random point of the folder's history on (tear; a journal keeps its order), and the process dies. A disk that lies loses what was synced
 * too. With `kill` the process dies at the k-th step, and the disk keeps everything.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
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
#define BLOCK 4096
#define FILES 64
#define FDS 4096
#define OPS 256

enum { PLAIN = 0, DROP = 1, TEAR = 2, LIE = 3, KILL = 4 };

/* The layout is known to diskfault.ts as well. */
struct control {
  volatile uint64_t stall_ms, write_errno, growth_errno, sync_errno, open_errno, read_errno, read_from, read_to;
  volatile uint64_t cut_at, mode, seed, fail_from_write;
  volatile uint64_t steps, writes, bytes, fsyncs, fdatasyncs, truncates, cut, undone, kept, blocks;
};

struct undo { uint64_t sector; uint32_t length; struct undo *next; unsigned char old[SECTOR]; };
struct file {
  char path[512]; int used, made; off_t synced_size; size_t buckets; struct undo **table;
  unsigned char *dirty; size_t dirty_size; /* one byte for each block that was written since the last sync */
};

/* What was done in the folder since it was synced, oldest first. `saved` is what stood at `path` before, if anything did. */
enum { MADE, RENAMED, REMOVED };
struct op { int what; char path[512], from[512], saved[512]; };

static struct control *control;
static const char *prefix, *beside;
static struct file files[FILES];
static int file_of[FDS]; /* index + 1 */
static int is_folder[FDS];
static struct op ops[OPS];
static int op_count, links;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t), (*real_close)(int);
static int (*real_rename)(const char *, const char *), (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
  real_open = dlsym(RTLD_NEXT, "open");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_pread = dlsym(RTLD_NEXT, "pread64");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
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
  beside = path;
}

static int ends(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* Does this disk forget anything when it is cut? */
static int loses(void) { return control->mode != PLAIN && control->mode != KILL; }

static int ours(const char *path) {
  return control && path && strncmp(path, prefix, strlen(prefix)) == 0 && !ends(path, "-shm");
}

static struct file *file_at(const char *path) {
  for (int i = 0; i < FILES; i++) if (files[i].used && strcmp(files[i].path, path) == 0) return &files[i];
  return NULL;
}

static struct op *note(int what, const char *path) {
  if (op_count == OPS) { fprintf(stderr, "diskfault: too much happens in the folder\n"); abort(); }
  struct op *op = &ops[op_count++];
  memset(op, 0, sizeof *op);
  op->what = what;
  snprintf(op->path, sizeof op->path, "%s", path);
  return op;
}

/* Keeps what stands at the path under another name, outside of the folder. */
static void save(struct op *op, const char *path) {
  snprintf(op->saved, sizeof op->saved, "%s.saved-%d", beside, links++);
  if (link(path, op->saved) != 0) op->saved[0] = 0;
  struct file *f = file_at(path);
  if (f && op->saved[0]) snprintf(f->path, sizeof f->path, "%s", op->saved);
}

static void watch(int fd, const char *path, int made) {
  if (fd < 0 || fd >= FDS) return;
  file_of[fd] = is_folder[fd] = 0;
  if (!ours(path)) return;
  struct stat st;
  if (fstat(fd, &st) != 0) return;
  if (S_ISDIR(st.st_mode)) { is_folder[fd] = 1; return; }
  pthread_mutex_lock(&lock);
  if (made && loses()) note(MADE, path);
  struct file *f = file_at(path);
  for (int i = 0; !f && i < FILES; i++) {
    if (files[i].used) continue;
    f = &files[i];
    f->used = 1;
    f->made = made;
    snprintf(f->path, sizeof f->path, "%s", path);
    f->synced_size = st.st_size;
    f->buckets = 65536;
    if (!f->table) f->table = calloc(f->buckets, sizeof *f->table);
  }
  if (f) file_of[fd] = f - files + 1;
  pthread_mutex_unlock(&lock);
}

/* libuv closes by the bare system call, so a number of ours may be a socket by now. */
static struct file *watched(int fd) {
  if (!control || fd < 0 || fd >= FDS || !file_of[fd]) return NULL;
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return &files[file_of[fd] - 1];
  file_of[fd] = 0;
  return NULL;
}

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
  if (!loses()) return;
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

static void undo_data(struct file *f) {
  int fd = real_open(f->path, O_RDWR);
  if (fd < 0) return;
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

static void undo_op(struct op *op) {
  if (op->what == RENAMED) real_rename(op->path, op->from);
  if (op->what == MADE) real_unlink(op->path);
  if (op->saved[0]) real_rename(op->saved, op->path);
  control->undone++;
}

/* The power goes: what was not synced is undone, then the process is no more. */
static void cut(void) {
  control->cut = 1;
  if (!loses()) kill(getpid(), SIGKILL);
  random_state = control->seed * 2654435761u + 1;
  for (int i = 0; i < FILES; i++) if (files[i].used) undo_data(&files[i]);
  int keep = 0;
  while (control->mode == TEAR && keep < op_count && coin()) keep++;
  while (op_count > keep) undo_op(&ops[--op_count]);
  _exit(137);
}

/* Counts a step, which may be the one before which the power goes. */
static void before_step(void) {
  control->steps++;
  if (control->cut_at && control->steps >= control->cut_at) cut();
}

/* What a disk writes at a sync: whole blocks, each once however often it was written. */
static void soil(struct file *f, off_t from, off_t to) {
  size_t end = (to + BLOCK - 1) / BLOCK;
  if (end > f->dirty_size) {
    size_t size = end * 2;
    f->dirty = realloc(f->dirty, size);
    memset(f->dirty + f->dirty_size, 0, size - f->dirty_size);
    f->dirty_size = size;
  }
  for (size_t b = from / BLOCK; b < end; b++) {
    control->blocks += !f->dirty[b];
    f->dirty[b] = 1;
  }
}

/* Counts a write, and lets it fail. */
static int before_write(size_t n, int grows) {
  before_step();
  control->writes++;
  control->bytes += n;
  int error = control->writes < control->fail_from_write ? 0 : control->write_errno;
  if (!error && grows) error = control->growth_errno;
  if (error) errno = error;
  return error ? -1 : 0;
}

static int grows(int fd, off_t end) {
  struct stat st;
  return fstat(fd, &st) != 0 || end > st.st_size;
}

static ssize_t watched_pwrite(int fd, const void *data, size_t n, off_t at) {
  struct file *f = watched(fd);
  if (!f) return real_pwrite(fd, data, n, at);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (before_write(n, grows(fd, at + n)) == 0) {
    remember_range(fd, f, at, at + n);
    soil(f, at, at + n);
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

/* The folder is as it is now for good: what was removed from it is no more. */
static void settle_folder(void) {
  for (int i = 0; i < op_count; i++) {
    if (!ops[i].saved[0]) continue;
    struct file *f = file_at(ops[i].saved);
    if (f) { forget(f); f->used = 0; }
    real_unlink(ops[i].saved);
  }
  op_count = 0;
}

static int synced(int fd, int (*real)(int), volatile uint64_t *counter) {
  struct file *f = watched(fd);
  int folder = control && fd >= 0 && fd < FDS && is_folder[fd];
  if (!f && !folder) return real(fd);
  uint64_t ms = control->stall_ms;
  if (ms) { struct timespec t = {ms / 1000, (ms % 1000) * 1000000L}; nanosleep(&t, NULL); }
  pthread_mutex_lock(&lock);
  int result = 0;
  before_step();
  ++*counter;
  if (f && f->dirty) memset(f->dirty, 0, f->dirty_size);
  if (control->sync_errno) { errno = control->sync_errno; result = -1; }
  else if (!loses()) result = real(fd);
  else if (control->mode != LIE && folder) settle_folder();
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
  before_step();
  if (control->write_errno && control->writes >= control->fail_from_write) errno = control->write_errno;
  else if (control->growth_errno && grows(fd, size)) errno = control->growth_errno;
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

static ssize_t watched_pread(int fd, void *data, size_t n, off_t at) {
  struct file *f = watched(fd);
  /* Bad sectors are where a file lay before; what is made now is made elsewhere. */
  int bad = f && control->read_errno && !f->made && !ends(f->path, "-wal") && at < (off_t)control->read_to &&
            at + (off_t)n > (off_t)control->read_from;
  if (!bad) return real_pread(fd, data, n, at);
  errno = control->read_errno;
  return -1;
}
ssize_t pread(int fd, void *data, size_t n, off_t at) { return watched_pread(fd, data, n, at); }
ssize_t pread64(int fd, void *data, size_t n, off64_t at) { return watched_pread(fd, data, n, at); }

/* Opening for writing, or what has to be made, may be refused: a folder of somebody else's, a read-only mount. */
static int refused(const char *path, int flags) {
  if (!control || !control->open_errno || !path || strncmp(path, prefix, strlen(prefix)) != 0) return 0;
  if ((flags & O_ACCMODE) == O_RDONLY && !((flags & O_CREAT) && access(path, F_OK) != 0)) return 0;
  errno = control->open_errno;
  return 1;
}

#define OPEN(name)                                                         \
  int name(const char *path, int flags, ...) {                             \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                          \
    if (!real_open) real_open = dlsym(RTLD_NEXT, "open");                  \
    if (refused(path, flags)) return -1;                                   \
    int made = (flags & O_CREAT) && ours(path) && access(path, F_OK) != 0; \
    int fd = real_open(path, flags, mode);                                 \
    watch(fd, path, made);                                                 \
    return fd;                                                             \
  }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) {
  if (!ours(from) || !ours(to)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  before_step();
  struct op *op = loses() ? note(RENAMED, to) : NULL;
  if (op) snprintf(op->from, sizeof op->from, "%s", from);
  if (op && access(to, F_OK) == 0) save(op, to);
  int result = real_rename(from, to);
  int kept = errno;
  struct file *f = file_at(from);
  if (result == 0 && f) snprintf(f->path, sizeof f->path, "%s", to);
  if (result != 0 && op) op_count--;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}

int unlink(const char *path) {
  if (!ours(path)) return real_unlink(path);
  pthread_mutex_lock(&lock);
  before_step();
  int there = access(path, F_OK) == 0;
  int noted = there && loses();
  if (noted) save(note(REMOVED, path), path);
  int result = real_unlink(path);
  int kept = errno;
  if (result != 0 && noted) op_count--;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}

int close(int fd) {
  if (control && fd >= 0 && fd < FDS) file_of[fd] = is_folder[fd] = 0;
  return real_close ? real_close(fd) : -1;
}
